"""What a view is: a section of the snapshot, its difference, and the tables of its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ..model.query import TableQuery
from ..model.snapshot import Snapshot
from .drawing import Drawing
from .icicle import Weighed
from .narrowed import Narrowed
from .table import Table
from .treemap import Treemap


class View(msgspec.Struct, frozen=True):
    """One view. Its routes, JSON, navigation, template, CLI command and tests come from this."""

    name: str
    title: str
    summary: str  # one line for people
    section: type
    difference: type
    diff: Callable[[Snapshot, Snapshot], Any]
    tables: Callable[[Any, TableQuery], list[Table]]
    diff_tables: Callable[[Any, TableQuery], list[Table]]
    groups: tuple[str, ...] = ()
    # instead of its tables, where the page is about one name: by what that is the name of
    narrowed: Mapping[str, Narrowed] = {}
    # of the section, or of its difference, and the snapshot: a tree to be drawn above the tables
    picture: Callable[[Any, Snapshot], Weighed] | None = None
    diff_picture: Callable[[Any, Snapshot], Weighed] | None = None
    # of the section, or of its difference: other pictures
    draw: Callable[[Any], Drawing] | None = None
    diff_draw: Callable[[Any], Drawing] | None = None
    # the same of what is no tree
    treemap: Callable[[Any, Snapshot, TableQuery], Treemap] | None = None
    diff_treemap: Callable[[Any, Snapshot, Snapshot, TableQuery], Treemap] | None = None

    def read(self, snapshot: Snapshot) -> Any:
        """The view's section of a snapshot."""
        return getattr(snapshot, self.name)

    @property
    def template(self) -> str:
        return f"{self.name}.html"
