"""Caches: sizes, limits, hits."""

from __future__ import annotations

from ..analysis import diff
from ..model.caches import Cache, Caches
from ..model.diff import CachesDiff
from .base import View
from .table import Column, Row, Table, TableQuery, table


def limit_text(cache: Cache) -> str:
    """The limit in words: it matters whether there is none or nobody knows."""
    if cache.limit is not None:
        return f"{cache.limit:,}"
    return "no limit" if cache.limit_known else "not known"


def _hit_rate(cache: Cache) -> float | None:
    if cache.hits is None or cache.misses is None or not cache.hits + cache.misses:
        return None
    return cache.hits / (cache.hits + cache.misses)


def _note(cache: Cache) -> str:
    parts = [f"{cache.count:,} caches together"] if cache.count > 1 else []
    if cache.sampled:
        error = f" ± {cache.size_error / 1000:,.1f} kB" if cache.size_error else ""
        parts.append(f"deep size from {cache.sampled} entries{error}")
    if cache.keys:
        parts.append("keys: " + ", ".join(cache.keys))
    if cache.error:
        parts.append(f"failed: {cache.error}")
    return "; ".join(parts)


_NAME = [
    Column("path", "Cache", "code", names="owner"),
    Column("type", "Type", "code", names="type"),
    Column("source", "Found by"),
]


def _tables(caches: Caches, query: TableQuery) -> list[Table]:
    columns = [
        *_NAME,
        Column("entries", "Entries", "int"),
        Column("limit", "Limit"),
        Column("size", "Deep size, about", "bytes"),
        Column("hits", "Hit rate", "ratio"),
    ]
    rows = [
        Row(
            [c.path, c.type, c.source, c.entries, limit_text(c), c.size, _hit_rate(c)],
            note=_note(c),
            owner=c.path,
        )
        for c in caches.caches
    ]
    return [table("Caches, and containers that act as caches", columns, rows, query)]


def _diff_tables(caches: CachesDiff, query: TableQuery) -> list[Table]:
    columns = [
        *_NAME,
        Column("entries_delta", "Entries +/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
        Column("entries", "Entries now", "int"),
        Column("limit", "Limit"),
    ]
    rows = []
    for change in caches.caches:
        c = change.cache
        cells = [c.path, c.type, c.source, change.entries_delta, change.size_delta]
        rows.append(Row([*cells, c.entries, limit_text(c)], note=_note(c), owner=c.path))
    return [table("Changes by cache", columns, rows, query)]


VIEW = View(
    name="caches",
    title="Caches",
    summary="All caches, found in the heap or registered: entries, limit, hit rate, size.",
    section=Caches,
    difference=CachesDiff,
    diff=diff.caches,
    tables=_tables,
    diff_tables=_diff_tables,
)
