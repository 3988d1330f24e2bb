"""Caches: sizes, limits, hits."""

from __future__ import annotations

from ..analysis import diff
from ..model.caches import Cache, Caches
from ..model.diff import CacheChange, CachesDiff
from ..model.query import TableQuery
from .base import View
from .table import Column, Row, Table, table


def limit_text(cache: Cache) -> str:
    """The limit in words: it matters whether there is none or nobody knows."""
    if cache.limit is not None:
        return f"{cache.limit:,}"
    return "no limit" if cache.limit_known else "unknown"


def _hit_rate(cache: Cache) -> float | None:
    if cache.hits is None or cache.misses is None or not cache.hits + cache.misses:
        return None
    return cache.hits / (cache.hits + cache.misses)


def _filled(cache: Cache) -> float | None:
    return cache.entries / cache.limit if cache.limit else None


def _size(cache: Cache) -> int:
    return cache.size or 0


def _first_what_may_grow(cache: Cache) -> tuple[bool, int]:
    """The order of one snapshot: what has no limit, or none that is known; then by size."""
    return cache.limit is not None, -_size(cache)


def _first_what_grew(change: CacheChange) -> tuple[bool, int, int]:
    """The order of a difference: what has no limit and grew, by its growth; then by size."""
    grew = change.cache.limit is None and change.entries_delta > 0
    return not grew, -(change.size_delta or 0) if grew else 0, -_size(change.cache)


def _note(cache: Cache) -> str:
    parts = [f"{cache.count:,} caches together"] if cache.count > 1 else []
    if cache.sampled:
        error = f" ± {cache.size_error / 1000:,.1f} kB" if cache.size_error else ""
        parts.append(f"deep size from {cache.sampled:,} of its entries{error}")
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
_LIMIT = [Column("limit", "Limit"), Column("filled", "Filled", "ratio", bar=True)]
_HITS = Column("hits", "Hit rate", "ratio", bar=True)


def _tables(caches: Caches, query: TableQuery) -> list[Table]:
    columns = [
        *_NAME,
        Column("entries", "Entries", "int"),
        *_LIMIT,
        _HITS,
        Column("size", "Deep size, about", "bytes"),
    ]
    rows = [
        Row(
            [c.path, c.type, c.source, c.entries, limit_text(c), _filled(c), _hit_rate(c), c.size],
            note=_note(c),
            owner=c.path,
        )
        for c in sorted(caches.caches, key=_first_what_may_grow)
    ]
    return [table("Caches, and containers that act as caches", columns, rows, query)]


def _diff_tables(caches: CachesDiff, query: TableQuery) -> list[Table]:
    columns = [
        *_NAME,
        Column("entries_delta", "Entries +/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
        Column("entries", "Entries now", "int"),
        *_LIMIT,
        _HITS,
    ]
    rows = []
    for change in sorted(caches.caches, key=_first_what_grew):
        c = change.cache
        cells = [c.path, c.type, c.source, change.entries_delta, change.size_delta]
        rows.append(
            Row(
                [*cells, c.entries, limit_text(c), _filled(c), _hit_rate(c)],
                note=_note(c),
                owner=c.path,
            )
        )
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
