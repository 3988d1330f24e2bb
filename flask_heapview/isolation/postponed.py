"""Puts the collector's runs off, while they would hurt.

A full collection writes to every object that the collector knows. While a child shares the memory,
each page that is written to is copied: the memory of the service could double.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

from .interpreter import free_threaded

NEVER = 2**31 - 1  # the largest threshold: it is an int of C
Thresholds = tuple[int, int, int]


class Postponement:
    """Whether runs are put off in this process now. None are until `allow` was called."""

    def __init__(self) -> None:
        self.allowed = self.active = False
        self._may_relent = False  # where full collections alone could not be put off
        self._set: tuple[Thresholds, Thresholds] | None = None  # the service's, and ours meanwhile

    def allow(self) -> None:
        """Prepares for forks of the service: the hook stays as long as the process."""
        if not self.allowed:
            self.allowed = True
            os.register_at_fork(after_in_child=self.end)

    @property
    def collecting(self) -> bool:
        """Whether the service has its collector on, put off or not."""
        return self.active or gc.isenabled()

    @property
    def thresholds(self) -> Thresholds:
        """Those of the service."""
        now, known = gc.get_threshold(), self._set
        return known[0] if known is not None and now == known[1] else now

    def end(self) -> None:
        """Lets the collector run as before; a child of the service would be without it for good."""
        self._resume()
        self._restore()

    def _resume(self) -> None:
        if self.active:
            self.active = False
            gc.enable()

    def _restore(self) -> None:
        known, self._set = self._set, None
        if known is not None and gc.get_threshold() == known[1]:
            gc.set_threshold(*known[0])  # else the service has set others meanwhile

    @contextmanager
    def collections(self) -> Iterator[None]:
        """No automatic collection begins meanwhile; gc.collect() works as ever. For moments: the
        garbage of a busy service piles up.

        What came due is made up for at once, since the collector counts on. A service that has
        switched its collector off keeps it off.
        """
        if not self.allowed or not gc.isenabled():
            yield
            return
        self.active = True
        gc.disable()
        try:
            yield
        finally:
            self._resume()

    @contextmanager
    def full_collections(self) -> Iterator[None]:
        """No automatic full collection begins meanwhile. The younger generations are collected as
        ever, so that cycles of requests do not pile up.

        Where the collector has no generation of its own for old objects, as in the releases that
        collect by increments and in free-threaded builds, no collection begins at all, until
        `relent`.
        """
        if not self.allowed or not gc.isenabled():
            yield
            return
        if not self._put_off_the_oldest():
            with self.collections():
                self._may_relent = True
                try:
                    yield
                finally:
                    self._may_relent = False
            return
        try:
            yield
        finally:
            self._restore()

    def relent(self) -> None:
        """It has lasted too long for a service whose young objects are not collected either. What
        another has put off, or what lasts a moment, goes on."""
        if self._may_relent:
            self._resume()

    def _put_off_the_oldest(self) -> bool:
        if free_threaded():
            return False
        kept = gc.get_threshold()
        gc.set_threshold(kept[0], kept[1], NEVER)
        now = gc.get_threshold()
        if now[2] != NEVER:  # a collector by increments ignores it
            gc.set_threshold(*kept)
            return False
        self._set = kept, now
        return True

    @contextmanager
    def by_another(self, put_off: bool) -> Iterator[None]:
        """Somebody else has switched the collector off for a while, and ends that by themselves."""
        if not put_off:
            yield
            return
        self.active = True
        try:
            yield
        finally:
            self.active = False


POSTPONED = Postponement()  # the collector is one for the process
