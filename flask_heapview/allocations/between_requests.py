"""Whose request it was, of what a thread allocated between two: no endpoint is known then.

Reading a request, middleware and loading a session belong to the request that comes next. The end
of a streamed response belongs to the last one. Which of them it was is told by all samples of one
site: they agree on the guilty one. On the other side, the requests are mixed as they come. Where
they are mixed on both sides, it may be no request's: a task that runs beside them in one thread.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Literal

from ..model.ownership import Site
from ..request_context import OWN
from .samples import ENDPOINT, LiveSample, SampledTraceback, Samples

Side = Literal["last", "next"]
BEGUN = ("flask/app.py", "wsgi_app")  # the request is there, and not yet routed
ENDED = ("flask/app.py", "do_teardown_appcontext"), ("flask/ctx.py", "pop")
MIN_MARGIN = 0.2  # by which the guilty endpoint's share exceeds that of any on the other side


class BetweenRequests:
    """The endpoints of samples that were taken outside of requests."""

    def __init__(self, found: Samples) -> None:
        self._found = found

    def sides(
        self, samples: Iterable[LiveSample], site_of: Callable[[LiveSample], Site | None]
    ) -> dict[Site, Side]:
        """For each site outside of requests, on which side of its samples its requests are."""
        groups: defaultdict[Site, list[LiveSample]] = defaultdict(list)
        for live in samples:
            site = site_of(live)
            if site is not None and site.endpoint is None and self._is_between(live):
                groups[site].append(live)
        found = {site: self._side(group) for site, group in groups.items()}
        return {site: side for site, side in found.items() if side is not None}

    def endpoint(self, live: LiveSample, side: Side) -> str | None:
        """That of the request on this side; None where there was none, or one of ours."""
        name = self._found.tags[live.next if side == "next" else live.last][0]
        endpoint = name.removeprefix(ENDPOINT)
        return None if endpoint in (name, OWN) else endpoint

    def _is_between(self, live: LiveSample) -> bool:
        """Not what came before the thread's first request: modules may have been imported then."""
        return bool(live.last or (live.next and _known(self._found.entries[live.entry])))

    def _side(self, group: list[LiveSample]) -> Side | None:
        known = {_known(self._found.entries[number]) for number in {live.entry for live in group}}
        if len(known) == 1 and None not in known:
            return known.pop()
        before, after = self._share(group, "last"), self._share(group, "next")
        if abs(before - after) < MIN_MARGIN:  # nobody can tell, unless it is one endpoint
            ends = {self.endpoint(live, side) for live in group for side in ("last", "next")}
            return "next" if len(ends - {None}) == 1 else None
        return "last" if before > after else "next"

    def _share(self, group: list[LiveSample], side: Side) -> float:
        """Of the bytes, those of the endpoint with the most."""
        sizes = Counter[str | None]()
        for live in group:
            sizes[self.endpoint(live, side)] += round(live.bytes)
        sizes.pop(None, None)
        return max(sizes.values(), default=0) / max(1, sum(sizes.values()))


def _known(entry: SampledTraceback) -> Side | None:
    """Where Flask's own functions tell it."""
    if any(_is(place, ended) for place in entry.places for ended in ENDED):
        return "last"
    return "next" if any(_is(place, BEGUN) for place in entry.places) else None


def _is(place: tuple[str, str, int], function: tuple[str, str]) -> bool:
    return place[1] == function[1] and place[0].endswith(function[0])
