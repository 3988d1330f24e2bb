"""The path from a root to what it holds, step by step, with the references that are suspect.

What lives as long as the process (a module, a class, a container that they name) is expected to
stay. The references below it are suspect: one of them should have been cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from ..model.report import Suspect
from ..model.retained import CODE, Cut, Link, ObjectDetail

MAX_DRAWN_STEPS = 16
STEPS_AFTER_GAP = 6  # of a path that is longer
_LIVING = frozenset(("module", "type", "function"))  # types of what stays
_ENTRIES = frozenset(("[item]", "[value]", "[key]"))
_SEQUENCES = ("list", "tuple", "set", "frozenset", "deque")
_MAPPINGS = ("dict", "OrderedDict", "defaultdict", "Counter")
# "(held from C)", "thread bg:", or a name; then ".attribute", "[value]", " local rows"
_ROOT = re.compile(
    r"\([^)]*\)|thread .*?:(?= |$)|[^.\[]+?(?=\.|\[| (?:local|closure|context) |$)", re.DOTALL
)
_NAMED = r"\.| (?:local|closure|context) "
_STEP = re.compile(rf"\[[^\]]*\]|(?:{_NAMED})(?:(?!{_NAMED}|\[).)*|.", re.DOTALL)


class PathStep(msgspec.Struct):
    """A reference, and the object that it leads to."""

    label: str  # of the root: its name
    type: str = ""  # "" where it is not known
    suspect: bool = False
    retained: int | None = None  # bytes
    index: int = -1  # in the graph
    referrer: int = -1  # in the graph: what the reference comes from
    count: int = 0  # how many such references came, where it is more than one


class Path(msgspec.Struct):
    """A path that is drawn. The middle of a long one is folded away."""

    first: list[PathStep]
    folded: list[PathStep]
    last: list[PathStep]

    @property
    def suspicious(self) -> bool:
        return any(step.suspect for step in (*self.first, *self.folded, *self.last))


def split(path: str) -> list[str]:
    """The steps of a dotted path: "app.Store.seen" is "app", ".Store", ".seen"."""
    root = _ROOT.match(path)
    begin = root.end() if root else 0
    return [path[:begin], *_STEP.findall(path[begin:])] if begin else _STEP.findall(path)


def of_suspect(suspect: Suspect) -> Path | None:
    """From the root to the container that grows, and to its entries; None without a holder."""
    holder, growing = suspect.holder, suspect.growing
    if holder is None or not holder.path:
        return None
    steps = [PathStep(label) for label in split(holder.path)]
    steps[-1].type = holder.type
    if growing.type and growing.objects > 0:
        label = _entry_of(holder.type)
        steps.append(PathStep(label, growing.type, suspect=True, count=growing.objects))
    return _folded(steps)


def _entry_of(container: str) -> str:
    """How a container of that type refers to its entries."""
    name = container.rpartition(".")[2]
    return "[item]" if name in _SEQUENCES else "[value]" if name in _MAPPINGS else "[entry]"


def reference_text(link: Link) -> str:
    """By what an object refers to another: a function by its own name, or in a plain word."""
    return (link.name or "its code") if link.label == CODE else link.label


def of_object(found: ObjectDetail) -> Path:
    """From the root of a graph capture to the object."""
    return _of_links(found.way)


def of_cut(found: Cut) -> Path:
    """The way that is left without a reference."""
    return _of_links(found.way)


def _of_links(way: Sequence[Link]) -> Path:
    steps = [
        PathStep(reference_text(link), link.type, retained=link.retained, index=link.index)
        for link in way
    ]
    for before, step in pairwise(steps):
        step.referrer = before.index
    for step in steps[_first_suspect(way) :]:
        step.suspect = True
    return _folded(steps)


def _first_suspect(way: Sequence[Link]) -> int:
    """The first reference out of a container, below the last step that stays."""
    stays = max((n for n, link in enumerate(way) if link.type in _LIVING), default=0)
    below = range(stays + 1, len(way))
    return next((n for n in below if way[n].label in _ENTRIES), len(way))


def _folded(steps: list[PathStep]) -> Path:
    if len(steps) <= MAX_DRAWN_STEPS:
        return Path(steps, [], [])
    head = MAX_DRAWN_STEPS - STEPS_AFTER_GAP
    return Path(steps[:head], steps[head:-STEPS_AFTER_GAP], steps[-STEPS_AFTER_GAP:])
