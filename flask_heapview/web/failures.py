"""Failed sign-ins, counted across the workers; after a few, each one costs a longer wait.

The wait is an answer (429 with Retry-After), not a sleep: a sleeping worker would be the service's
loss, and the attacker's gain.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ..errors import StoreError, TooManyAttempts
from ..store.directory import private_directory

FREE_FAILURES = 5  # failures that cost nothing
FIRST_WAIT_SECONDS = 1.0  # seconds after the next one, doubled with each further failure
MAX_WAIT_SECONDS = 60.0
FORGET_SECONDS = 900.0  # seconds after which an address starts anew
MAX_ADDRESSES = 1000  # addresses remembered


class Failures:
    """Counts by address, in a file that all workers lock."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "failures.json"

    @contextmanager
    def _table(self) -> Iterator[dict[str, tuple[int, float]]]:
        lock = importlib.import_module("fcntl")  # not there on Windows, where nothing forks
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            private_directory(self._path.parent)
            fd = os.open(self._path, flags, 0o600)
        except (OSError, StoreError):  # a full disk must not lock out whoever makes room
            yield {}
            return
        try:
            lock.flock(fd, lock.LOCK_EX)
            data = os.pread(fd, 1 << 20, 0)
            try:
                table = msgspec.json.decode(data, type=dict[str, tuple[int, float]])
            except msgspec.MsgspecError:
                table = {}
            yield table
            now = time.time()
            kept = {a: row for a, row in table.items() if now - row[1] < FORGET_SECONDS}
            for address in sorted(kept, key=lambda a: kept[a][1])[
                : max(0, len(kept) - MAX_ADDRESSES)
            ]:
                del kept[address]
            fresh = msgspec.json.encode(kept)
            if fresh != data:
                os.pwrite(fd, fresh, 0)
                os.ftruncate(fd, len(fresh))
        finally:
            os.close(fd)

    def require_no_wait(self, address: str) -> None:
        """Raises TooManyAttempts while the address has to wait."""
        with self._table() as table:
            count, last = table.get(address, (0, 0.0))
        if count <= FREE_FAILURES:
            return
        wait = min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (count - FREE_FAILURES - 1))
        left = last + wait - time.time()
        if left > 0:
            raise TooManyAttempts(
                f"Too many failed attempts from this address. Wait {left:.0f} s and try again.",
                retry_after=round(left + 0.5),
            )

    def add(self, address: str) -> None:
        """One more failure."""
        with self._table() as table:
            count, last = table.get(address, (0, 0.0))
            count = 0 if time.time() - last > FORGET_SECONDS else count
            table[address] = (count + 1, time.time())

    def clear(self, address: str) -> None:
        """Forgets an address that has signed in."""
        with self._table() as table:
            table.pop(address, None)
