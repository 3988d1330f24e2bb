"""Failed sign-ins, counted across the workers; after a few, each one costs a longer wait.

The wait is an answer (429 with Retry-After), not a sleep: a sleeping worker would be the service's
loss, and the attacker's gain.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..errors import StoreError
from .shared_table import Table, shared_table

FREE_FAILURES = 5  # failures that cost nothing
FIRST_WAIT_SECONDS = 1.0  # seconds after the next one, doubled with each further failure
MAX_WAIT_SECONDS = 60.0
FORGET_SECONDS = 900.0  # seconds after which an address starts anew
MAX_ADDRESSES = 1000  # addresses remembered
NONE = (0, 0.0)
Row = tuple[int, float]  # failures, and the time of the last one


class Failures:
    """Counts by address, in a file that all workers lock.

    Where that file cannot be had, each worker counts for itself: a directory that somebody else
    has taken, or a full disk, must not end the counting.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / "failures.json"
        self._own: Table = {}

    def _change(self, address: str, change: Callable[[Row], Row]) -> Row:
        """Puts the changed row of an address in place, and gives the one that was there."""
        row = self._own.get(address, NONE)
        try:
            with shared_table(self._path) as table:
                row = max(table.get(address, NONE), row)
                _put(table, address, change(row))
            self._own.pop(address, None)
        except (OSError, StoreError, ImportError):
            _put(self._own, address, change(row))
        return row

    def wait(self, address: str) -> float:
        """Seconds that the address has to wait; 0 where it need not."""
        count, last = self._change(address, lambda row: row)
        if count <= FREE_FAILURES:
            return 0.0
        # the exponent is bounded: no count can make the figure overflow
        doubled = 2.0 ** min(count - FREE_FAILURES - 1, 16)
        wait = min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * doubled)
        return max(0.0, min(wait, last + wait - time.time()))

    def add(self, address: str) -> None:
        """One more failure."""
        now = time.time()
        self._change(address, lambda row: (row[0] + 1 if _fresh(row, now) else 1, now))

    def clear(self, address: str) -> None:
        """Forgets an address that has signed in."""
        self._change(address, lambda _: NONE)


def _fresh(row: Row, now: float) -> bool:
    return now - row[1] < FORGET_SECONDS


def _put(table: Table, address: str, row: Row) -> None:
    """Puts the row in its place, and drops what is old or too much."""
    now = time.time()
    table[address] = row
    for other in [a for a, kept in table.items() if not _fresh(kept, now)]:
        del table[other]
    for other in sorted(table, key=lambda a: table[a][1])[: max(0, len(table) - MAX_ADDRESSES)]:
        del table[other]
