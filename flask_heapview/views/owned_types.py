"""Types by who holds them: what the picture of the heap is made of.

Most memory is in builtin types, and these say little. The ownership tree has every object once,
below the root that holds it. So each type is divided by the package, the thread or the garbage
that its objects hang below. What the tree has merged has no type any more, and is named as what it
is.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping

from ..model.ownership import SMALL, THREAD, Ownership
from .treemap import Part

STANDARD_LIBRARY = "standard library"
# what is in the tree without a type of its own
MERGED = "small objects"
MODULES = "module contents"  # functions and constants: they are counted at their module
UNKNOWN = "owner not told"
_MODULE = "module"
Figures = Mapping[tuple[str, str], tuple[int, int]]  # objects and bytes, by owner and type


def owner_of(root: str, app_roots: Collection[str]) -> str:
    """Whose a root of the tree is: a module of the app, a package, the standard library, a thread
    or another root that is no module."""
    if root in app_roots or root.startswith(("(", THREAD)):
        return root
    package = root.partition(".")[0]
    return STANDARD_LIBRARY if package in sys.stdlib_module_names else package


def by_type(first: Ownership | None, last: Ownership) -> list[Part]:
    """A part for each type of each owner; of a difference, with what came or went."""
    rows = _changed(
        None if first is None else _figures(first, last.app_roots), _figures(last, last.app_roots)
    )
    return [
        Part(kind, owner, count, size, delta, kind not in (MERGED, MODULES))
        for owner, kind, count, size, delta in rows
    ]


def of_types(
    first: Ownership | None, last: Ownership, wanted: Collection[str], whole: tuple[int, int]
) -> list[Part]:
    """A part for each owner of a few types. `whole` are the objects and bytes of these types; what
    the tree does not tell apart is a part, too, unless it is a difference."""
    now = _of_types(last, last.app_roots, wanted)
    before = None if first is None else _of_types(first, last.app_roots, wanted)
    rows = _changed(before, now)
    parts = [Part(owner, owner, count, size, delta, False) for owner, _, count, size, delta in rows]
    count, size = whole[0] - sum(p.count for p in parts), whole[1] - sum(p.size for p in parts)
    if first is None and count > 0 and size > 0:
        parts.append(Part(UNKNOWN, UNKNOWN, count, size, None, False))
    return parts


def _figures(own: Ownership, app_roots: Collection[str]) -> Figures:
    stacks, found = own.stacks, dict[tuple[str, str], tuple[int, int]]()
    owners: list[str] = []
    for node, parent in enumerate(stacks.parent):
        frame = stacks.frame_at(node)
        owners.append(owner_of(frame.label, app_roots) if parent < 0 else owners[parent])
        if not stacks.count[node]:
            continue
        kind = frame.type
        if frame.label == SMALL or not kind:
            kind = MERGED
        elif parent < 0 and kind == _MODULE:
            kind = MODULES
        count, size = found.get((owners[node], kind), (0, 0))
        found[owners[node], kind] = count + stacks.count[node], size + stacks.size[node]
    return found


def _of_types(own: Ownership, app_roots: Collection[str], wanted: Collection[str]) -> Figures:
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for (owner, kind), (count, size) in _figures(own, app_roots).items():
        if kind in wanted:
            old = found.get((owner, ""), (0, 0))
            found[owner, ""] = old[0] + count, old[1] + size
    return found


def _changed(before: Figures | None, now: Figures) -> list[tuple[str, str, int, int, int | None]]:
    """Owner, type, objects and bytes now, and the bytes that came or went."""
    rows: list[tuple[str, str, int, int, int | None]] = []
    for key in {**now, **(before or {})}:
        count, size = now.get(key, (0, 0))
        delta = None if before is None else size - before.get(key, (0, 0))[1]
        rows.append((*key, count, size, delta))
    return rows
