"""Requests by endpoint, counted at the price of one dictionary look-up each."""

from __future__ import annotations

import itertools
from contextvars import ContextVar

from .text import clean

# the endpoint of the request that is being served: what the sampler tags allocations with
SERVING: ContextVar[str | None] = ContextVar("flask_heapview_serving", default=None)
NO_ROUTE = "(no route)"
BEGUN = "flask_heapview.begun"  # in the environ of a request that was counted: its name
OWN = "(flask-heapview)"  # what the page itself allocates is left out


def steps_of(counter: itertools.count[int]) -> int:
    """How many steps it has made: the next value stands in its repr, reading takes none."""
    return int(repr(counter)[6:-1])


class RequestCounter:
    """Counts by endpoint. `itertools.count` steps atomically under the GIL, so no lock is taken."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[str, itertools.count[int]]] = {}  # beside the name to show

    def add(self, endpoint: str | None) -> None:
        """One more request of that endpoint; None is a request that matched no route."""
        name = endpoint or NO_ROUTE
        counted = self._counts.get(name)
        if counted is None:
            counted = self._counts.setdefault(name, (clean(name), itertools.count()))
        next(counted[1])

    def read(self) -> dict[str, int]:
        """The figures by endpoint, whose names are safe to show."""
        found: dict[str, int] = {}
        for shown, counter in list(self._counts.values()):  # two names may look the same
            found[shown] = found.get(shown, 0) + steps_of(counter)
        return found

    def clear(self) -> None:
        """Begins again from nothing, as a freshly forked worker must."""
        self._counts = {}
