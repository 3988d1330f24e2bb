"""How the memory of one worker went over time, and when nothing will be left at this rate."""

from __future__ import annotations

from typing import Literal

from .base import Model

Bound = Literal["container", "machine"]


class Forecast(Model, frozen=True):
    """When what is left will be taken. The rate's margin is half of its 99 % confidence interval;
    the times are the prediction interval that goes with it."""

    bytes_per_second: float
    margin: float  # bytes per second
    over_seconds: float  # that the rate was seen for, up to now
    seconds: float  # until nothing is left, at the rate
    soonest: float  # seconds
    latest: float  # seconds


class History(Model, frozen=True):
    """The figures of one worker since it began to serve, the oldest first. All columns are as long
    as `clock`, and the last row is of this moment."""

    worker: str = ""
    every_seconds: float = 0.0  # that lie between two rows, at least; more the longer it lasts
    epoch: float = 0.0  # what to add to `clock` for seconds since 1970
    clock: list[float] = []  # seconds of the machine's monotonic clock
    resident: list[int] = []  # bytes
    python: list[int | None] = []  # bytes in use in Python's arenas; None where not asked
    requests: list[int] = []  # served until then, the page's own left out
    paused: list[float | None] = []  # seconds that the collector took since the page's first visit
    left: int | None = None  # bytes until the tightest bound
    bound: Bound = "machine"  # which one it is
    limit: int | None = None  # bytes; the container's, where it has one
    forecast: Forecast | None = None  # None where no growth is sure, or its end is far
