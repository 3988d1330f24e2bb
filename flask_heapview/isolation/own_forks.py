"""Which children of this process are ours."""

from __future__ import annotations

import _thread
from collections.abc import Iterator
from contextlib import contextmanager

_FORKING: set[int] = set()  # threads that make a child of ours just now


@contextmanager
def own_fork() -> Iterator[None]:
    """A child that this thread makes meanwhile is ours."""
    _FORKING.add(_thread.get_ident())
    try:
        yield
    finally:
        _FORKING.discard(_thread.get_ident())


def is_own_fork() -> bool:
    """For at-fork functions: whether the child is one of ours, which must run nothing else."""
    return _thread.get_ident() in _FORKING
