"""Puts the collector's runs off while a forked child lives.

A full collection writes to every object that the collector knows. While a child shares the memory,
each page that is written to is copied: the memory of the service could double.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager


class Postponement:
    """Whether runs are put off in this process now. None are until `allow` was called."""

    def __init__(self) -> None:
        self.allowed = self.active = False

    def allow(self) -> None:
        """Prepares for forks of the service: the hook stays as long as the process."""
        if not self.allowed:
            self.allowed = True
            os.register_at_fork(after_in_child=self.end)

    @property
    def collecting(self) -> bool:
        """Whether the service has its collector on, put off or not."""
        return self.active or gc.isenabled()

    def end(self) -> None:
        """Lets the collector run again; a child of the service would be without one for good."""
        if self.active:
            self.active = False
            gc.enable()

    @contextmanager
    def collections(self) -> Iterator[None]:
        """No automatic collection begins meanwhile; gc.collect() works as ever.

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
            self.end()

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
