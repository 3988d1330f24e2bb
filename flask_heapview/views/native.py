"""Native memory: which functions of C libraries took it, from which line and for which endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from ..analysis.confidence_interval import difference_interval, sum_interval
from ..analysis.native_diff import native
from ..model.births import Births
from ..model.diff import NativeDiff, NativeSiteChange
from ..model.native import SMALLER_SITES, NativeMemory, NativeSite
from ..model.snapshot import Snapshot, requests_of
from ..model.stacks import Stacks
from .base import View
from .icicle import Weighed
from .narrowed import ENDPOINT as ENDPOINT_LABEL
from .table import Column, Row, Table, TableQuery, table
from .tree import level

SITE, ENDPOINT, TRACEBACK = "site", "endpoint", "traceback"
UNLOADED = "(unloaded)"
_THREAD_LABEL = "thread "
_SIZE = Column("size", "Alive", "bytes")
_BOUNDS = [Column("low", "At least", "bytes"), Column("high", "At most", "bytes")]
_COUNTS = [Column("count", "Blocks", "int"), Column("samples", "Samples", "int")]
_BIRTHS = Column("births", "Oldest to newest", "births")
_DELTA = Column("size_delta", "Alive +/−", "delta_bytes")
_DELTA_BOUNDS = [
    Column("low", "At least", "delta_bytes"),
    Column("high", "At most", "delta_bytes"),
]
_COUNT_DELTA = Column("count_delta", "Blocks +/−", "delta")
_REQUESTS = [
    Column("requests", "Requests", "int"),
    Column("per_request", "Alive per request", "delta_bytes"),
]
_EMPTY = "No native memory was recorded."
_OFF = "Native memory was not sampled. Switch it on, send traffic and capture again."


def _library(site: NativeSite) -> str:
    return site.library or UNLOADED


def _function(site: NativeSite) -> str:
    """Its name, or its place in the library where that keeps no names."""
    if site.library == SMALLER_SITES:
        return SMALLER_SITES
    return site.function or f"{hex(site.offset)} (no symbol)"


def _line(site: NativeSite) -> str:
    return f"{site.file}:{site.line}" if site.file else ""


def _serving(site: NativeSite) -> str:
    """The endpoint or the thread, as the roots of the tree name it."""
    if site.endpoint is not None:
        return ENDPOINT_LABEL + site.endpoint
    return _THREAD_LABEL + site.thread if site.thread else ""


def _by_site(site: NativeSite) -> list[str]:
    function = "" if site.library == SMALLER_SITES else _function(site)
    return [_library(site), site.distribution, function, _line(site), _serving(site)]


def _by_library(site: NativeSite) -> list[str]:
    return [_library(site), site.distribution]


def _by_function(site: NativeSite) -> list[str]:
    return [_function(site), _library(site)]


def _by_line(site: NativeSite) -> list[str]:
    nowhere = SMALLER_SITES if site.library == SMALLER_SITES else "(no line of Python)"
    return [_line(site) or nowhere, site.caller]


def _by_endpoint(site: NativeSite) -> list[str]:
    nowhere = SMALLER_SITES if site.library == SMALLER_SITES else "(unknown)"
    return [_serving(site) or nowhere]


_PACKAGE = Column("package", "Package")
# how to name a group, and the columns of these names
GROUPS: dict[str, tuple[Callable[[NativeSite], list[str]], list[Column]]] = {
    SITE: (
        _by_site,
        [
            Column("library", "Library", "code", names="library"),
            _PACKAGE,
            Column("function", "Function", "code", names="function"),
            Column("line", "Called at", "code", names="line"),
            Column("serving", "While serving", "code", names=ENDPOINT),
        ],
    ),
    "library": (_by_library, [Column("place", "Library", "code", names="library"), _PACKAGE]),
    "function": (
        _by_function,
        [
            Column("place", "Function", "code", names="function"),
            Column("library", "Library", "code"),
        ],
    ),
    "line": (
        _by_line,
        [Column("place", "Called at", "code", names="line"), Column("caller", "In", "code")],
    ),
    ENDPOINT: (_by_endpoint, [Column("place", "While serving", "code", names=ENDPOINT)]),
}
NAMED = tuple(name for name in GROUPS if name != SITE)  # what a page may be about one name of


class _Sum(msgspec.Struct):
    """One group: its names, and the sum and the largest of each column."""

    names: list[str]
    sums: list[float]
    tops: list[float]
    births: Births | None = None


def _summed(
    rows: Iterable[tuple[NativeSite, Sequence[float]]], query: TableQuery, group: str
) -> list[_Sum]:
    """The largest sum of the first column first; only what the page is about."""
    found: dict[tuple[str, ...], _Sum] = {}
    for site, values in rows:
        if query.only in NAMED and GROUPS[query.only][0](site)[0] != query.name:
            continue
        names = GROUPS[group][0](site)
        one = found.get(tuple(names))
        if one is None:
            found[tuple(names)] = _Sum(names, list(values), list(values), site.births)
            continue
        one.sums = [a + b for a, b in zip(one.sums, values, strict=True)]
        one.tops = [max(a, b) for a, b in zip(one.tops, values, strict=True)]
        one.births = _together(one.births, site.births)
    return sorted(found.values(), key=lambda one: -one.sums[0])


def _together(one: Births | None, other: Births | None) -> Births | None:
    """None where their bins are not the same."""
    if one is None or other is None or (one.by, one.until) != (other.by, other.until):
        return None
    return one.added(other)


def _group(query: TableQuery) -> str:
    return query.group if query.group in GROUPS else SITE


# --- one snapshot


def _tables(found: NativeMemory, query: TableQuery) -> list[Table]:
    if query.group == TRACEBACK:
        return [_tree(found.stacks, query)]
    group = _group(query)
    values = (
        (site, (site.size, site.count, site.samples, site.variance, site.largest))
        for site in found.all_sites
    )
    rows = []
    for one in _summed(values, query, group):
        size, count, samples, variance, _ = one.sums
        bounds = sum_interval(size, variance, one.tops[4])
        births = [one.births] if group == SITE else []
        cells = [*one.names, size, *births, round(bounds.low), round(bounds.high), count, samples]
        rows.append(Row(cells))
    ages = [_BIRTHS] if group == SITE else []
    columns = [*GROUPS[group][1], _SIZE, *ages, *_BOUNDS, *_COUNTS]
    empty = _EMPTY if found.on else _OFF
    return [table(f"Live native memory by {group}", columns, rows, query, empty=empty)]


def _tree(stacks: Stacks, query: TableQuery, *deltas: list[int]) -> Table:
    columns = [
        Column("name", "Called through", "code"),
        Column("type", ""),
        Column("count", "Blocks", "int"),
        _SIZE,
    ]
    if deltas:
        columns += [_COUNT_DELTA, _DELTA]
    rows = level(stacks, query.node, *deltas)
    return table("By traceback", columns, rows, query, empty=_EMPTY)


def _picture(found: NativeMemory, _: Snapshot) -> Weighed:
    return Weighed(found.stacks, own_frames=frozenset(found.app_frames), group=TRACEBACK)


# --- what changed


def _diff_tables(found: NativeDiff, query: TableQuery) -> list[Table]:
    tree = found.tree
    if query.group == TRACEBACK:
        return [_tree(tree.stacks, query, tree.count_delta, tree.size_delta)]
    group = _group(query)
    rows = []
    for one in _summed(map(_values, found.sites), query, group):
        delta, count, variance, size = one.sums
        bounds = difference_interval(delta, variance)
        cells = [*one.names, delta, round(bounds.low), round(bounds.high), count, size]
        rows.append(Row(cells + (_per_request(found, one) if group == ENDPOINT else [])))
    now = Column("size", "Alive now", "bytes")
    columns = [*GROUPS[group][1], _DELTA, *_DELTA_BOUNDS, _COUNT_DELTA, now]
    if group == ENDPOINT:
        columns += _REQUESTS
    empty = "No native memory came or went." if found.on else _OFF
    return [table(f"Changes of native memory by {group}", columns, rows, query, empty=empty)]


def _values(change: NativeSiteChange) -> tuple[NativeSite, Sequence[float]]:
    site = change.site
    return site, (change.size_delta, change.count_delta, change.variance, site.size)


def _per_request(found: NativeDiff, one: _Sum) -> list[Any]:
    requests = requests_of(found.requests, one.names[0].removeprefix(ENDPOINT_LABEL))
    return [requests, round(one.sums[0] / requests)] if requests else [None, None]


def _diff_picture(found: NativeDiff, _: Snapshot) -> Weighed:
    tree = found.tree
    return Weighed(tree.stacks, tree.size_delta, tree.count_delta, group=TRACEBACK)


VIEW = View(
    name="native",
    title="Native",
    summary="Who took native memory that is still in use: by library, function, line of Python, "
    "endpoint or traceback.",
    section=NativeMemory,
    difference=NativeDiff,
    diff=native,
    tables=_tables,
    diff_tables=_diff_tables,
    groups=(*GROUPS, TRACEBACK),
    picture=_picture,
    diff_picture=_diff_picture,
)
