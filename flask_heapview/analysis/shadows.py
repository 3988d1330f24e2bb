"""Which suspects show the same leak once more."""

from __future__ import annotations

import re
from typing import Protocol

from ..model.ownership import Site
from ..model.report import Cause

MAX_STEP_DIFFERENCE = 0.02  # share of a step, by which two owners of the same may differ
MAX_STEP_DIFFERENCE_FROM_C = 0.1  # where C holds one of them, and other things at one place with it
MAX_WEAK_DIFFERENCE = 0.25  # of weak references, of which some die later than what they refer to
MAX_OBJECTS_OF_A_THREAD = 4  # that C holds while it runs
WEAK = "weakref."  # the types of weak references begin with it


class Suspected(Protocol):
    """What is asked of a suspect."""

    cause: Cause
    path: str | None
    growing: str
    sites: list[Site]
    app: bool
    steps: list[float]


def is_weak(one: Suspected) -> bool:
    """Whether its entries keep nothing alive: it grows since what they refer to is kept."""
    return one.growing.startswith(WEAK)


def same_leak(a: Suspected, b: Suspected) -> bool:
    """Whether b is a part of a, or as much in each interval, by the same endpoint, and in one
    place: below one object, or one of them in a library, which lists what the app holds."""
    if is_below(b.path, a.path):
        return True
    if _is_of_threads(a, b):
        return True
    if is_weak(b) and not is_weak(a):
        return _alike(sum(a.steps), sum(b.steps), MAX_WEAK_DIFFERENCE)
    if not _as_much(a, b, MAX_STEP_DIFFERENCE if a.path and b.path else MAX_STEP_DIFFERENCE_FROM_C):
        return False
    if a.sites and b.sites and a.sites[0].endpoint != b.sites[0].endpoint:
        return False
    return not (a.app and b.app) or _object(a) == _object(b)


def is_below(path: str | None, owner: str | None) -> bool:
    """Whether a path is the owner's or leads on from it."""
    return (
        path is not None
        and owner is not None
        and path.startswith(owner)
        and path[len(owner) : len(owner) + 1] in ("", ".", "[", " ")
    )


def _as_much(a: Suspected, b: Suspected, differ: float, times: int = 1) -> bool:
    """Whether b gained as much as a in each interval, or so many times as much."""
    if not a.steps or len(a.steps) != len(b.steps):
        return False
    steps = zip(a.steps, b.steps, strict=True)
    return all(_alike(x * times, y, differ) for x, y in steps)


def _alike(x: float, y: float, differ: float) -> bool:
    return abs(x - y) <= differ * max(x, y)


def _is_of_threads(a: Suspected, b: Suspected) -> bool:
    """Whether C holds some of b for each of the threads that came."""
    return (
        a.cause == "thread"
        and not b.path
        and any(
            _as_much(a, b, MAX_STEP_DIFFERENCE_FROM_C, times)
            for times in range(1, MAX_OBJECTS_OF_A_THREAD + 1)
        )
    )


def _object(one: Suspected) -> list[str]:
    """The module and the name in it that a path begins with."""
    return re.split(r"[.\[ ]", one.path or "")[:2]
