"""Native memory: which functions of C libraries took it, from which line and for which endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from ..analysis.confidence_interval import difference_interval, sum_interval
from ..analysis.native_callers import UNLOADED
from ..analysis.native_diff import native
from ..model.births import Births
from ..model.diff import NativeDiff, NativeSiteChange
from ..model.native import SMALLER_SITES, NativeMemory, NativeSite
from ..model.query import TableQuery
from .base import View
from .narrowed import ENDPOINT as ENDPOINT_LABEL
from .table import Column, Row, Table, table
from .tracebacks import (
    BETWEEN,
    CHANGE_BETWEEN,
    COUNT_CHANGE,
    ENDPOINT,
    REQUESTS,
    SIZE,
    SIZE_CHANGE,
    TRACEBACK,
    diff_picture,
    per_request,
    picture,
    tree_table,
)

SITE = "site"
_THREAD_LABEL = "thread "
_COUNTS = [Column("count", "Blocks", "int"), Column("samples", "Samples", "int")]
_BIRTHS = Column("births", "Oldest to newest", "births")
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
        return [tree_table(found.stacks, query, _EMPTY)]
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
    columns = [*GROUPS[group][1], SIZE, *ages, *BETWEEN, *_COUNTS]
    empty = _EMPTY if found.on else _OFF
    return [table(f"Live native memory by {group}", columns, rows, query, empty=empty)]


# --- what changed


def _diff_tables(found: NativeDiff, query: TableQuery) -> list[Table]:
    tree = found.tree
    if query.group == TRACEBACK:
        return [tree_table(tree.stacks, query, _EMPTY, tree.count_delta, tree.size_delta)]
    group = _group(query)
    rows = []
    for one in _summed(map(_values, found.sites), query, group):
        delta, count, variance, size = one.sums
        bounds = difference_interval(delta, variance)
        cells = [*one.names, delta, round(bounds.low), round(bounds.high), count, size]
        if group == ENDPOINT:
            cells += per_request(found.requests, one.names[0], one.sums[0])
        rows.append(Row(cells))
    now = Column("size", "Alive now", "bytes")
    columns = [*GROUPS[group][1], SIZE_CHANGE, *CHANGE_BETWEEN, COUNT_CHANGE, now]
    if group == ENDPOINT:
        columns += REQUESTS
    empty = "No native memory came or went." if found.on else _OFF
    return [table(f"Changes of native memory by {group}", columns, rows, query, empty=empty)]


def _values(change: NativeSiteChange) -> tuple[NativeSite, Sequence[float]]:
    site = change.site
    return site, (change.size_delta, change.count_delta, change.variance, site.size)


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
    picture=picture,
    diff_picture=diff_picture,
)
