"""Which endpoints' requests explain a growth of the process, where no allocation site says so.

The process's levels are read between requests (process/level_history.py): a step, from reading to
reading, is what changed, and which requests were begun meanwhile. Least squares through the origin,
one endpoint after the other, the best first (forward selection), tells what a request of each
leaves behind. An endpoint is only named where the likelihood says that it is this one, not another
that is always asked for with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from ..model.facts import EndpointLeaves, EndpointMarked, EndpointOpens
from .level_steps import Column, Figure

MIN_STEPS = 12  # steps from reading to reading: fewer fit anything
# share of the growth: a step that gained so much more than three times its requests' share of
# it is a table that doubled, not a rate
MAX_ONE_OFF_SHARE = 1 / 8
MIN_LOG_LIKELIHOOD = 8.0  # log likelihood that an endpoint must gain: Wilks 1938, 4 standard errors
MIN_LOG_LIKELIHOOD_LEAD = 4.0  # and its lead over the next best: 1 in 50
MIN_ALL_SHARE = 0.9  # of the requests: so many are as good as all
MAX_ROUNDING_SHARE = 1e-12  # of the squares: what is left is the rounding of floats
# of the mean growth per request, from which a single request has left something behind
MIN_MARK_SHARE = 0.1
MIN_OWN_SHARE = 0.7  # of what single requests left behind, that is the endpoint's
# log likelihood that these are one endpoint's, against chance: 1 in 100
MIN_BINOMIAL_LOG_LIKELIHOOD = 4.6
MIN_ENDPOINT_SHARE = 0.02  # of the growth: an endpoint with less is not worth its name
MIN_EXPLAINED_SHARE = 0.5  # of the growth, that those who are named must account for


Slope = tuple[str, float, float]  # an endpoint, what a request of it leaves, the error of that


class EndpointGrowth(msgspec.Struct, frozen=True):
    """What an endpoint's requests leave behind."""

    endpoint: str
    bytes: float  # of all its requests; or descriptors, or threads
    evidence: EndpointLeaves | EndpointOpens | EndpointMarked
    per_request: float = 0  # 0 where only whose it is can be told
    error: float = 0  # its standard error


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
        if abs(gain) <= total * (MAX_ONE_OFF_SHARE + 3 * count / every)
    ]
    columns = {name: [column[n] * w for n, w in kept] for name, column in requests.items()}
    asked = {name: sum(column[n] for n, _ in kept) for name, column in requests.items()}
    return columns, [gained[n] * w for n, w in kept], asked


def select(columns: Mapping[str, Column], growth: Column, asked: Mapping[str, float]) -> list[str]:
    """The endpoints that explain it, one after the other; none where two do equally well, or all
    requests together do. `asked` are the requests of each."""
    chosen: list[str] = []
    left, open_ = growth, dict(columns)
    while open_ and len(growth) - len(chosen) >= MIN_STEPS:
        if _dot(left, left) <= MAX_ROUNDING_SHARE * _dot(growth, growth):
            break
        gains = sorted(((_gain(c, left), name) for name, c in open_.items()), reverse=True)
        if gains[0][0] < MIN_LOG_LIKELIHOOD:
            break
        if not chosen and len(gains) > 1 and gains[0][0] - gains[1][0] < MIN_LOG_LIKELIHOOD_LEAD:
            break
        name = gains[0][1]
        chosen.append(name)
        direction = open_.pop(name)
        left = _without(left, direction)
        open_ = {n: _without(c, direction) for n, c in open_.items()}
    return chosen if chosen and _lead(chosen, columns, growth, left, asked) else []


def _lead(
    chosen: Sequence[str],
    columns: Mapping[str, Column],
    growth: Column,
    left: Column,
    asked: Mapping[str, float],
) -> bool:
    """Whether they explain it better than all requests together, whatever their endpoint."""
    if sum(asked[name] for name in chosen) >= MIN_ALL_SHARE * sum(asked.values()):
        return True
    rest = _without(growth, [sum(row) for row in zip(*columns.values(), strict=True)])
    least = MAX_ROUNDING_SHARE * _dot(growth, growth)
    ratio = max(_dot(rest, rest), least) / max(_dot(left, left), least)
    return len(growth) / 2 * math.log(ratio) >= MIN_LOG_LIKELIHOOD_LEAD


def _gain(column: Column, left: Column) -> float:
    """Log likelihood that a line along the column gains, if it goes up."""
    before, below, along = _dot(left, left), _dot(column, column), _dot(column, left)
    if along <= 0 or below <= 1e-9 or before <= 0:
        return 0.0
    after = max(before - along * along / below, before * 1e-12)
    return len(left) / 2 * math.log(before / after)


def fitted(chosen: Sequence[str], columns: Mapping[str, Column], growth: Column) -> list[Slope]:
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


def explain_by_rate(
    requests: Mapping[str, Column], gained: Column, figure: Figure = "malloc"
) -> list[EndpointGrowth]:
    """The endpoints whose requests explain the growth, the largest share first.

    `gained` has the figure's gain in each step, `requests` the requests of each endpoint
    that were begun meanwhile. Empty where nothing explains half of the growth, or the mix of
    requests does not tell the endpoints apart.
    """
    total = sum(gained)
    if total <= 0:
        return []
    columns, growth, asked = _usual(requests, gained)
    found = fitted(select(columns, growth, asked), columns, growth)
    return named(found, asked, total, figure, len(growth))


def named(
    found: Sequence[Slope],
    asked: Mapping[str, float],
    total: float,
    figure: Figure,
    readings: int,
) -> list[EndpointGrowth]:
    """What those slopes come to over the requests that each endpoint was `asked`, the largest
    first; none where they do not explain half of the `total`."""
    rows = [
        EndpointGrowth(
            name, slope * asked[name], _evidence(figure, name, slope, error, readings), slope, error
        )
        for name, slope, error in found
        if slope * asked[name] >= MIN_ENDPOINT_SHARE * total
    ]
    if sum(one.bytes for one in rows) < MIN_EXPLAINED_SHARE * total:
        return []
    return sorted(rows, key=lambda one: -one.bytes)


def _evidence(
    figure: Figure, endpoint: str, slope: float, error: float, readings: int
) -> EndpointLeaves | EndpointOpens:
    if figure == "descriptors" or figure == "threads":
        return EndpointOpens(
            endpoint=endpoint,
            handles=figure,
            per_request=slope,
            margin=2 * error,
            readings=readings,
        )
    return EndpointLeaves(
        endpoint=endpoint, bytes_per_request=slope, margin_bytes=2 * error, readings=readings
    )


def explain_by_lumps(requests: Mapping[str, Column], gained: Column) -> list[EndpointGrowth]:
    """The endpoint whose single requests leave something behind, where the growth comes in lumps
    (a table that doubles, a pool that takes its next block) and has no rate.

    Looks at the steps of one request alone: are those after which much more was there of this
    endpoint oftener than its share of them lets expect (the likelihood ratio of a binomial)?
    """
    rows = list(zip(*requests.values(), strict=True))
    total, every = sum(gained), sum(map(sum, rows))
    alone = [n for n, row in enumerate(rows) if sum(row) == 1]
    if total <= 0 or not alone:
        return []
    least = MIN_MARK_SHARE * total / every
    marked = [n for n in alone if gained[n] > least]
    left = sum(gained[n] for n in alone)
    for name, column in requests.items():
        own, of_own = sum(column[n] for n in alone), sum(column[n] for n in marked)
        mine = sum(gained[n] for n in alone if column[n])
        chance = _binomial(of_own, len(marked), own / len(alone))
        if chance >= MIN_BINOMIAL_LOG_LIKELIHOOD and mine >= MIN_OWN_SHARE * left > 0:
            said = EndpointMarked(
                endpoint=name,
                endpoint_requests=round(of_own),
                requests=len(marked),
                min_bytes=least,
            )
            return [EndpointGrowth(name, total, said)]
    return []


def _binomial(hits: float, tries: int, chance: float) -> float:
    """How much likelier so many hits are at their own share than at that chance, as a logarithm;
    0 where they are no more than it lets expect."""
    if not tries or not 0 < chance < 1 or hits / tries <= chance:
        return 0.0
    share = hits / tries
    missed = (tries - hits) * math.log((1 - share) / (1 - chance)) if share < 1 else 0.0
    return hits * math.log(share / chance) + missed
