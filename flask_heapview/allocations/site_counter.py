"""Adds up the allocation sites of single objects, as tracemalloc knows them."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Sequence

from ..inspection.code_locations import CodeLocations
from ..inspection.roots import app_file, innermost_library
from ..model.ownership import Site
from ..model.stacks import Frame
from ..text import clean

Key = tuple[str, int, str, str | None]


class SiteCounter:
    """Adds up the allocation sites of single objects."""

    def __init__(self, places: CodeLocations) -> None:
        self._places = places
        self._sites: Counter[Key] = Counter()
        self._counts: Counter[Key] = Counter()
        self._inner: dict[Key, Counter[str]] = {}  # bytes by the library's file that asked for them

    def add(self, obj: object, size: int) -> None:
        """Notes where the object was allocated, if tracing knows."""
        traceback = tracemalloc.get_object_traceback(obj)
        if traceback is not None:
            self.add_traceback(traceback, size)

    def add_traceback(self, traceback: Sequence[tracemalloc.Frame], size: int) -> None:
        """Notes a traceback, outermost frame first."""
        frame = self._frame(traceback)
        key = (frame.file, frame.line, frame.label, self._places.endpoint(traceback))
        self._sites[key] += size
        self._counts[key] += 1
        inner = innermost_library(frame.filename for frame in reversed(traceback))
        self._inner.setdefault(key, Counter())[inner] += size

    def _frame(self, traceback: Sequence[tracemalloc.Frame]) -> Frame:
        """The innermost frame of the app's own code, else the innermost of all."""
        for frame in reversed(traceback):
            if app_file(frame.filename):
                return self._places.frame(frame.filename, frame.lineno)
        return self._places.frame(traceback[-1].filename, traceback[-1].lineno)

    def sites(self, limit: int = 8) -> list[Site]:
        """The largest sites, by bytes."""
        return [
            Site(
                file=key[0],
                line=key[1],
                function=key[2],
                endpoint=key[3],
                size=size,
                count=self._counts[key],
                inner=clean(self._inner[key].most_common(1)[0][0]),
            )
            for key, size in self._sites.most_common(limit)
        ]
