"""What is worked out once for an object that nobody changes, and is gone with it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

One = TypeVar("One")
Found = TypeVar("Found")


def remembered(work_out: Callable[[One], Found]) -> Callable[[One], Found]:
    """The function, which works its answer out once for each object, told apart by identity.

    The object must allow weak references. Nobody may change the answer.
    """
    known: dict[int, tuple[weakref.ref[One], Found]] = {}

    @wraps(work_out)
    def answer(one: One) -> Found:
        entry = known.get(id(one))
        if entry is not None and entry[0]() is one:
            return entry[1]
        found = work_out(one)
        key = id(one)
        known[key] = weakref.ref(one, lambda _: known.pop(key, None)), found
        return found

    return answer
