"""Requests by endpoint, counted at the price of one dictionary look-up each."""

from __future__ import annotations

import itertools
from contextvars import ContextVar

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
        self._counts: dict[str, itertools.count[int]] = {}

    def add(self, endpoint: str | None) -> None:
        """One more request of that endpoint; None is a request that matched no route."""
        name = endpoint or NO_ROUTE
        counter = self._counts.get(name)
        if counter is None:
            counter = self._counts.setdefault(name, itertools.count())
        next(counter)

    def read(self) -> dict[str, int]:
        """The figures by endpoint."""
        return {name: steps_of(counter) for name, counter in list(self._counts.items())}

    def clear(self) -> None:
        """Begins again from nothing, as a freshly forked worker must."""
        self._counts = {}
