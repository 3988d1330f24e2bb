"""Limits of containers and caches."""

from __future__ import annotations

import functools
from collections import deque

from flask_heapview.inspection.bounds import limit_in, own_limit
from flask_heapview.inspection.type_info import Types


def test_limits() -> None:
    types = Types()
    ring: deque[int] = deque(maxlen=5)
    assert own_limit(ring, types.of(ring)) == 5
    assert own_limit(deque(), types.of(deque())) is None
    cached = functools.lru_cache(maxsize=3)(len)
    assert own_limit(cached, types.of(cached)) == 3
    assert own_limit([], types.of([])) is None
    assert limit_in({"maxsize": 0, "capacity": 7}) == 7
    assert limit_in({"maxsize": 5.0}) == 5
    assert limit_in({"maxsize": float("inf"), "max_size": None}) is None
    assert limit_in({"maxsize": True}) is None
