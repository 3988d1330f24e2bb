"""Which endpoints' requests explain a growth of the process, where no allocation site says so.

The process's levels are read between requests (capture/footprint.py): a step, from reading to
reading, is what changed, and which requests were begun meanwhile. Least squares through the origin,
one endpoint after the other, the best first (forward selection), tells what a request of each
leaves behind. An endpoint is only named where the likelihood says that it is this one, not another
that is always asked for with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from .steps import Column

ROWS = 12  # fewer fit anything
# of the growth: a step that gained so much more than three times its requests' share of it is a
# table that doubled, not a rate
ONE_OFF = 1 / 8
CERTAIN = 8.0  # log likelihood that an endpoint must gain: Wilks 1938, 4 standard errors
APART = 4.0  # and its lead over the next best: 1 in 50
EXACT = 1e-12  # of the squares: what is left is the rounding of floats
EXPLAINED = 0.5  # of the growth, that those who are named must account for


class Explained(msgspec.Struct, frozen=True):
    """What an endpoint's requests leave behind."""

    endpoint: str
    per_request: float  # bytes
    error: float  # its standard error
    bytes: float  # of all its requests
    steps: int  # that this rests on


def _dot(a: Column, b: Column) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _without(a: Column, direction: Column) -> Column:
    """The part of `a` that `direction` does not explain."""
    below = _dot(direction, direction)
    slope = _dot(a, direction) / below if below else 0.0
    return [x - slope * y for x, y in zip(a, direction, strict=True)]


def _usual(
    requests: Mapping[str, Column], gained: Column
) -> tuple[dict[str, Column], Column, dict[str, float]]:
    """The steps that are not one-off, weighted, and the requests of each endpoint in them.

    What a step's figure strays by adds up from request to request, so its variance grows with them:
    each step counts by the reciprocal of their number's root (weighted least squares).
    """
    served = [max(1.0, sum(row)) for row in zip(*requests.values(), strict=True)]
    total, every = sum(gained), sum(served)
    kept = [
        (n, 1 / math.sqrt(count))
        for n, (gain, count) in enumerate(zip(gained, served, strict=True))
        if abs(gain) <= total * (ONE_OFF + 3 * count / every)
    ]
    columns = {name: [column[n] * w for n, w in kept] for name, column in requests.items()}
    asked = {name: sum(column[n] for n, _ in kept) for name, column in requests.items()}
    return columns, [gained[n] * w for n, w in kept], asked


def _select(columns: Mapping[str, Column], growth: Column) -> list[str]:
    """The endpoints that explain it, one after the other; none where two do equally well."""
    chosen: list[str] = []
    left, open_ = growth, dict(columns)
    while open_ and len(growth) - len(chosen) >= ROWS:
        if _dot(left, left) <= EXACT * _dot(growth, growth):
            break
        gains = sorted(((_gain(c, left), name) for name, c in open_.items()), reverse=True)
        if gains[0][0] < CERTAIN:
            break
        if not chosen and len(gains) > 1 and gains[0][0] - gains[1][0] < APART:
            break
        name = gains[0][1]
        chosen.append(name)
        direction = open_.pop(name)
        left = _without(left, direction)
        open_ = {n: _without(c, direction) for n, c in open_.items()}
    return chosen


def _gain(column: Column, left: Column) -> float:
    """Log likelihood that a line along the column gains, if it goes up."""
    before, below, along = _dot(left, left), _dot(column, column), _dot(column, left)
    if along <= 0 or below <= 1e-9 or before <= 0:
        return 0.0
    after = max(before - along * along / below, before * 1e-12)
    return len(left) / 2 * math.log(before / after)


def _fit(
    chosen: Sequence[str], columns: Mapping[str, Column], growth: Column
) -> list[tuple[str, float, float]]:
    """The common fit: each slope, with its standard error, is that along what the other columns
    leave of its own."""
    found = []
    for name in chosen:
        own, rest = columns[name], growth
        directions: list[Column] = []
        for other in chosen:
            if other == name:
                continue
            direction = columns[other]
            for earlier in directions:
                direction = _without(direction, earlier)
            directions.append(direction)
            own, rest = _without(own, direction), _without(rest, direction)
        below = _dot(own, own)
        left = _without(rest, own)
        error = math.sqrt(_dot(left, left) / (len(growth) - len(chosen)) / below)
        found.append((name, _dot(own, rest) / below, error))
    return found


def explaining(requests: Mapping[str, Column], gained: Column) -> list[Explained]:
    """The endpoints whose requests explain the growth, the largest share first.

    `gained` has the figure's gain in each step, in bytes, `requests` the requests of each endpoint
    that were begun meanwhile. Empty where nothing explains half of the growth, or the mix of
    requests does not tell the endpoints apart.
    """
    total = sum(gained)
    if total <= 0:
        return []
    columns, growth, asked = _usual(requests, gained)
    found = [
        Explained(name, slope, error, slope * asked[name], len(growth))
        for name, slope, error in _fit(_select(columns, growth), columns, growth)
        if slope > 0
    ]
    if sum(one.bytes for one in found) < EXPLAINED * total:
        return []
    return sorted(found, key=lambda one: -one.bytes)
