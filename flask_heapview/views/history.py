"""A worker's memory over time as a picture: shares of its width and height, and paths of its lines.

The box of every path is BOX wide and high, whatever size it is shown at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import msgspec

from ..analysis.forecast import forecast
from ..model.history import History
from ..model.snapshot import SnapshotInfo
from .round_times import DAY, round_step

BOX = 1000
MIN_SPAN_SECONDS = 5.0  # below which there is nothing to see
NEAR_LIMIT = 2.5  # times the highest level: a limit above that would flatten the line
ROOM_ABOVE = 1.1  # the height, in highest levels
MAX_SIZES = 4  # on the axis, and times
MAX_TIMES = 5
MAX_LONG_TIMES = 3  # with seconds
MAX_MARKS = 60
EDGE = (0.05, 0.84)  # where a time may stand: the right end says "now"
MINUTE = 60
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Times = Sequence[float]


class Tick(msgspec.Struct, frozen=True):
    """A mark of an axis."""

    at: float  # share from the left, or from the top
    text: str


class ByteTick(msgspec.Struct, frozen=True):
    at: float  # share from the top
    size: int  # bytes


class Mark(msgspec.Struct, frozen=True):
    """A snapshot on the line."""

    at: float  # share from the left
    top: float  # share from the top
    id: str
    label: str
    size: int  # resident bytes at that time


class Lane(msgspec.Struct, frozen=True):
    """A rate over time, below the memory."""

    path: str
    now: float  # per second
    most: float


class HistoryChart(msgspec.Struct, frozen=True):
    """The picture."""

    resident: str  # paths: the line
    below: str  # what is under it
    python: str  # empty where it is not known
    times: list[Tick]
    sizes: list[ByteTick]
    marks: list[Mark]
    limit: float | None  # share from the top where the container is full, by this worker alone
    requests: Lane
    pauses: Lane | None  # None: nobody has listened yet
    first: int  # bytes
    last: int
    highest: int
    seconds: float  # from left to right
    began: str  # when, as the axis says it


def forecasted(history: History) -> History:
    """With the time at which nothing will be left, where that can be told."""
    return msgspec.structs.replace(history, forecast=forecast(history))


def history_chart(history: History, snapshots: Iterable[SnapshotInfo]) -> HistoryChart | None:
    """Of one worker with its snapshots; None while there is nothing to see yet."""
    clock, levels = history.clock, history.resident
    span = clock[-1] - clock[0] if clock else 0.0
    if span < MIN_SPAN_SECONDS:
        return None
    highest = max(levels)
    limit = _limit(history, highest)
    height = max(highest, limit or 0) * ROOM_ABOVE

    def across(moment: float) -> float:
        return (moment - clock[0]) / span

    def down(size: float) -> float:
        return 1 - size / height

    line = [_point(across(at), down(size)) for at, size in zip(clock, levels, strict=True)]
    return HistoryChart(
        resident="M" + " ".join(line),
        below=f"M0,{BOX} {' '.join(line)} {BOX},{BOX}Z",
        python=_areas(clock, history.python, across, down),
        times=_times(clock[0] + history.epoch, span),
        sizes=[ByteTick(down(size), size) for size in _sizes(height)],
        marks=_marks(history, snapshots, across, down),
        limit=None if limit is None else down(limit),
        requests=_lane(clock, history.requests, across),
        pauses=_pauses(history, across),
        first=levels[0],
        last=levels[-1],
        highest=highest,
        seconds=span,
        began=_moment(clock[0] + history.epoch, MINUTE if span >= MINUTE else 1, span > DAY),
    )


def _point(x: float, y: float) -> str:
    return f"{round(x * BOX)},{round(y * BOX)}"


def _limit(history: History, highest: int) -> int | None:
    """The level of this worker at which the container is full; None where that is far above."""
    if history.bound != "container" or history.left is None:
        return None
    found = history.resident[-1] + history.left
    return found if found <= NEAR_LIMIT * highest else None


def _areas(
    clock: Times,
    sizes: Sequence[int | None],
    across: Callable[[float], float],
    down: Callable[[float], float],
) -> str:
    """One area for each stretch over which the figure is known."""
    areas: list[str] = []
    stretch: list[tuple[float, int]] = []
    for at, size in [*zip(clock, sizes, strict=True), (clock[-1], None)]:
        if size is not None:
            stretch.append((across(at), size))
            continue
        if len(stretch) > 1:
            top = " ".join(_point(x, down(y)) for x, y in stretch)
            left, right = (round(x * BOX) for x in (stretch[0][0], stretch[-1][0]))
            areas.append(f"M{left},{BOX} {top} {right},{BOX}Z")
        stretch = []
    return "".join(areas)


def _marks(
    history: History,
    snapshots: Iterable[SnapshotInfo],
    across: Callable[[float], float],
    down: Callable[[float], float],
) -> list[Mark]:
    """The finished ones of this worker, on the line between its points."""
    made = []
    for one in snapshots:
        if one.state == "done" and one.worker == history.worker and 0 <= across(one.clock) <= 1:
            size = _level_at(history, one.clock)
            made.append(Mark(across(one.clock), down(size), one.id, one.label or one.id, size))
    return sorted(made, key=lambda mark: mark.at)[-MAX_MARKS:]


def _level_at(history: History, moment: float) -> int:
    rows = pairwise(zip(history.clock, history.resident, strict=True))
    for (begin, low), (end, high) in rows:
        if begin <= moment <= end:
            return round(low + (high - low) * (moment - begin) / ((end - begin) or 1))
    return history.resident[-1]


def _pauses(history: History, across: Callable[[float], float]) -> Lane | None:
    rows = zip(history.clock, history.paused, strict=True)
    known = [(at, paused) for at, paused in rows if paused is not None]
    if len(known) < 2:
        return None
    return _lane([at for at, _ in known], [paused for _, paused in known], across)


def _lane(clock: Times, totals: Sequence[float], across: Callable[[float], float]) -> Lane:
    """Of a figure that only grows, what it grew by between the points. The point of this moment
    may be close behind the one before it: both are one then."""
    if len(clock) > 2 and clock[-1] - clock[-2] < (clock[-2] - clock[-3]) / 2:
        clock, totals = [*clock[:-2], clock[-1]], [*totals[:-2], totals[-1]]
    steps = zip(pairwise(clock), pairwise(totals), strict=True)
    rates = [(a, b, max(0.0, (to - since) / (b - a))) for (a, b), (since, to) in steps if b > a]
    most = max((rate for _, _, rate in rates), default=0.0)
    path = [f"M{round(across(clock[0]) * BOX)},{BOX}"]
    for _, end, rate in rates:
        path.append(f"V{round(BOX - BOX * rate / (most or 1))}H{round(across(end) * BOX)}")
    return Lane("".join(path) + f"V{BOX}Z", rates[-1][2] if rates else 0.0, most)


def _times(start: float, span: float) -> list[Tick]:
    """At whole minutes, hours or days of UTC."""
    step = round_step(span, _most_times)
    first = int(start // step + 1)
    last = int((start + span) // step)
    found = [(n * step - start, n * step) for n in range(first, last + 1)]
    return [
        Tick(at / span, _moment(moment, step, moment % DAY == 0))
        for at, moment in found
        if EDGE[0] <= at / span <= EDGE[1]
    ]


def _most_times(step: float) -> int:
    return MAX_TIMES if step >= MINUTE else MAX_LONG_TIMES


def _moment(seconds: float, step: float, dated: bool) -> str:
    """14:02, 14:02:30 or 27 Nov; both where the day has to be said."""
    found = time.gmtime(seconds)
    day = f"{found.tm_mday} {MONTHS[found.tm_mon - 1]}"
    if step >= DAY or (dated and step > MINUTE):
        return day
    clock = time.strftime("%H:%M:%S" if step < MINUTE else "%H:%M", found)
    return f"{day} {clock}" if dated else clock


def _sizes(height: float) -> list[int]:
    """Round figures: 1, 2 or 5 of a power of ten apart."""
    unit = 1
    while True:
        for step in (unit, 2 * unit, 5 * unit):
            if height / step <= MAX_SIZES:
                return [n * step for n in range(1, int(height / step) + 1)]
        unit *= 10
