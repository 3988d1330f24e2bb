"""The collector's last runs on a time axis, a lane for each generation."""

from __future__ import annotations

import msgspec

from ..model.gc import RecentCollections
from .round_times import DAY, HOUR, round_step

SLICES = 160  # of the time axis: the collections of one slice are one bar
MAX_TICKS = 4
MIN_SECONDS = 1.0  # of the axis


class Bar(msgspec.Struct):
    """The collections of one generation in one slice of time."""

    left: float  # share of the axis
    height: float  # share of the longest pause that is drawn
    before: float  # seconds before the snapshot
    count: int = 0
    longest: float = 0.0  # seconds
    collected: int = 0  # objects


class Lane(msgspec.Struct):
    """One generation."""

    generation: int
    bars: list[Bar]
    count: int
    pause: float  # seconds, all together
    longest: float  # seconds
    collected: int
    unknown: float = 0.0  # share of the axis, from its left: earlier runs that were not kept


class Timeline(msgspec.Struct):
    """From the oldest run that is kept to the snapshot."""

    lanes: list[Lane]
    ticks: list[tuple[float, str]]  # share of the axis, and how long before the snapshot
    longest: float  # seconds: a bar of the full height


def timeline(recent: RecentCollections) -> Timeline | None:
    """None where no run was recorded."""
    if not recent.before:
        return None
    span = max(MIN_SECONDS, *recent.before)
    longest = max(recent.pause)
    lanes = [
        _lane(recent, generation, span, longest)
        for generation in range(max(3, 1 + max(recent.generation)))
    ]
    return Timeline(lanes, _ticks(span), longest)


def _lane(recent: RecentCollections, generation: int, span: float, longest: float) -> Lane:
    bars: dict[int, Bar] = {}
    rows = [n for n, which in enumerate(recent.generation) if which == generation]
    for n in rows:
        place = max(0.0, 1 - recent.before[n] / span)
        at = min(SLICES - 1, int(place * SLICES))
        bar = bars.setdefault(at, Bar(at / SLICES, 0.0, recent.before[n]))
        bar.count += 1
        bar.longest = max(bar.longest, recent.pause[n])
        bar.height = bar.longest / longest if longest else 0.0
        bar.collected += recent.collected[n]
    forgotten = recent.forgotten[generation : generation + 1] or [0]
    return Lane(
        generation=generation,
        bars=list(bars.values()),
        count=len(rows),
        pause=sum(recent.pause[n] for n in rows),
        longest=max((recent.pause[n] for n in rows), default=0.0),
        collected=sum(recent.collected[n] for n in rows),
        unknown=min(bars) / SLICES if bars and forgotten[0] else 0.0,
    )


def _ticks(span: float) -> list[tuple[float, str]]:
    """Round times before the snapshot."""
    step = round_step(span, lambda _: MAX_TICKS)
    times = [step * n for n in range(1, int(span / step) + 1)]
    return [(1 - time / span, _time_text(time)) for time in times]


def _time_text(seconds: float) -> str:
    if seconds >= 2 * DAY:
        return f"−{seconds / DAY:g} d"
    if seconds >= HOUR:
        return f"−{seconds / HOUR:g} h"
    return f"−{seconds / 60:g} min" if seconds >= 60 else f"−{seconds:g} s"
