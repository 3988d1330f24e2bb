"""Allocations summed up by line, function, module, file or endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from ..analysis.growing_sites import site_of
from ..model.stacks import Frame, Stacks

_LIBRARY = re.compile(r"(?:site|dist)-packages/([^/]+)")
_STANDARD = re.compile(r"/lib/python3[.\d]*/([^/]+)")
Key = tuple[str, str]


@lru_cache(maxsize=4096)
def module_of(file: str) -> str:
    """The top-level module or package that a source file belongs to."""
    found = _LIBRARY.search(file) or _STANDARD.search(file)
    if found:
        return found[1].removesuffix(".py")
    if file.startswith("<frozen "):
        return file[8:].rstrip(">").split(".")[0]
    *above, name = file.split("/")
    return above[-1] if name == "__init__.py" and above else name.removesuffix(".py")


def _by_line(site: Frame, _leaf: Frame, _root: Frame) -> Key:
    return (f"{site.file}:{site.line}" if site.file else site.label), site.label


def _by_function(site: Frame, _leaf: Frame, _root: Frame) -> Key:
    return site.label, site.file


def _by_module(_site: Frame, leaf: Frame, _root: Frame) -> Key:
    return module_of(leaf.file), ""


def _by_file(_site: Frame, leaf: Frame, _root: Frame) -> Key:
    return leaf.file, ""


def _by_endpoint(_site: Frame, _leaf: Frame, root: Frame) -> Key:
    return root.label, ""


# how to name a group, and the titles of the two columns that name it; "" has no column
GROUPS: dict[str, tuple[Callable[[Frame, Frame, Frame], Key], str, str]] = {
    "line": (_by_line, "Allocated at", "Function"),
    "function": (_by_function, "Function", "File"),
    "module": (_by_module, "Module", ""),
    "file": (_by_file, "File", ""),
    "endpoint": (_by_endpoint, "While serving", ""),
}


Only = tuple[str, str]  # a way to group, and the name of one group


class Sum(msgspec.Struct):
    """One group: the sum of each column, and the largest value of each."""

    key: Key
    sums: list[float]
    tops: list[float]


def grouped(
    stacks: Stacks,
    app_frames: Sequence[int],
    group: str,
    columns: Sequence[Sequence[float]],
    only: Only | None = None,
) -> list[Sum]:
    """Sums of the columns over the nodes that have any; `only` those of one other group."""
    name, own = GROUPS[group][0], frozenset(stacks.frames[n] for n in app_frames)
    found: dict[Key, Sum] = {}
    for node in range(len(stacks)):
        values = [column[node] if node < len(column) else 0 for column in columns]
        if not any(values):
            continue
        stack = stacks.stack(node)
        place = site_of(stack, own), stack[-1], stack[0]
        if only is not None and GROUPS[only[0]][0](*place)[0] != only[1]:
            continue
        key = name(*place)
        row = found.get(key)
        if row is None:
            row = found[key] = Sum(key, [0.0] * len(values), [0.0] * len(values))
        for n, value in enumerate(values):
            row.sums[n] += value
            row.tops[n] = max(row.tops[n], value)
    return list(found.values())
