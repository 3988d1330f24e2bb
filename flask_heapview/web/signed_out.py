"""Cookies that were signed out before they expire: no worker takes them any more."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from ..errors import StoreError
from ..store.directory import explain
from .shared_table import shared_table

MAX_COOKIES = 1000  # beyond them, the key is drawn anew: that voids every cookie


class SignedOut:
    """The digests of these cookies' nonces, in a file that all workers lock."""

    def __init__(self, directory: Path, key: Path) -> None:
        self._path, self._key = directory / "signed-out.json", key

    def add(self, nonce: str, seconds: float) -> None:
        """Voids a cookie, for the seconds that it may still last. Raises StoreError."""
        now = time.time()
        try:
            with shared_table(self._path) as table:
                for other in [n for n, (_, until) in table.items() if until < now]:
                    del table[other]
                if len(table) >= MAX_COOKIES:
                    self._key.unlink(missing_ok=True)
                    table.clear()
                table[_digest(nonce)] = 0, now + seconds
        except OSError as error:
            raise StoreError(explain(error, self._path)) from error

    def __contains__(self, nonce: str) -> bool:
        """Whether that cookie was signed out. Raises StoreError where nobody can know."""
        try:
            with shared_table(self._path) as table:
                return _digest(nonce) in table
        except OSError as error:
            raise StoreError(explain(error, self._path)) from error


def _digest(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()
