"""Caches, found and registered."""

from __future__ import annotations

from .base import Model


class Cache(Model, frozen=True):
    """One cache, or a container that acts as one."""

    path: str
    type: str
    source: str  # functools, cachetools, cachelib, jinja, re, linecache, container, registered
    entries: int
    count: int = 1  # caches at that path; the figures are those of all of them
    limit: int | None = None  # entries; None is no limit
    limit_known: bool = True  # False: nobody can tell whether it has one
    hits: int | None = None
    misses: int | None = None
    size: int | None = None  # bytes, deep, estimated
    size_error: int | None = None  # bytes, half a 95 % interval
    sampled: int = 0  # entries measured
    keys: list[str] = []  # only when values may be shown
    error: str = ""


class Caches(Model, frozen=True):
    """All caches, largest first."""

    caches: list[Cache] = []
    note: str = ""
