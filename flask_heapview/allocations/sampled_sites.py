"""Who allocated what is alive, and when: samples added up by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ..inspection.roots import innermost_library
from ..model.ownership import Site
from .between_requests import BetweenRequests, Side
from .birth_bins import SiteBirths
from .samples import ENDPOINT, LiveSample, SampledTraceback, Samples, is_app


class _Site:
    """What the samples of one site add up to."""

    def __init__(self, begun: int | None, seconds: float) -> None:
        self.count = 0.0
        self.inner: Counter[str] = Counter()  # bytes by the library's file that asked for them
        self.born = SiteBirths(begun, seconds)

    def add(self, live: LiveSample, inner: str) -> None:
        self.count += 1 / live.chance
        self.inner[inner] += round(live.bytes)
        self.born.put(live)

    @property
    def size(self) -> float:
        """Bytes, estimated."""
        return sum(self.born.bins.size)


class SampledSites:
    """Adds up the sites of samples: the innermost place of the app's own, else the innermost."""

    def __init__(self, found: Samples) -> None:
        self.found = found
        self._between = BetweenRequests(found)
        self._sites = [_site(entry) for entry in found.entries]
        self._inner = [
            innermost_library(place[0] for place in entry.places) for entry in found.entries
        ]

    def sites(self, samples: Iterable[LiveSample], limit: int = 8) -> list[Site]:
        """The largest sites, by bytes; of doubtful samples only where there are no others."""
        samples = list(samples)
        samples = [live for live in samples if not live.doubtful] or samples
        sides = self._between.sides(samples, self._site_of)
        found: dict[Site, _Site] = {}
        for live in samples:
            site, begun = self._placed(live, sides)
            if site is None:
                continue
            if site not in found:
                found[site] = _Site(begun, self.found.since)
            found[site].add(live, self._inner[live.entry])
        largest = sorted(found.items(), key=lambda row: -row[1].size)
        return [
            msgspec.structs.replace(
                site,
                size=round(one.size),
                count=round(one.count),
                births=one.born.births(),
                inner=one.inner.most_common(1)[0][0],
            )
            for site, one in largest[:limit]
        ]

    def _site_of(self, live: LiveSample) -> Site | None:
        return self._sites[live.entry]

    def _placed(
        self, live: LiveSample, sides: Mapping[Site, Side]
    ) -> tuple[Site | None, int | None]:
        """A sample's site, and the requests of its endpoint that have begun, where these are the
        ones that its birth is counted by."""
        site, entry = self._site_of(live), self.found.entries[live.entry]
        side = sides.get(site) if site is not None else None
        if site is None or side is None:
            return site, entry.requests or None if entry.tag.startswith(ENDPOINT) else None
        endpoint = self._between.endpoint(live, side)
        begun = self.found.tags[live.next][1] if side == "next" and endpoint else None
        return msgspec.structs.replace(site, endpoint=endpoint), begun


def line_to_change(places: Sequence[tuple[str, str, int]]) -> tuple[str, str, int]:
    """File, function and line of the innermost place of the app's own, else of the innermost."""
    at = next((n for n, place in enumerate(places) if is_app(place[0])), 0)
    file, name, line = places[at]
    for other, outer, _ in places[at:]:
        if other == file and not outer.startswith("<"):  # the function that a comprehension is in
            name = outer
            break
    return file, name, line


def _site(entry: SampledTraceback) -> Site | None:
    if entry.ours or not entry.places:
        return None
    file, name, line = line_to_change(entry.places)
    endpoint = entry.tag.removeprefix(ENDPOINT) if entry.tag.startswith(ENDPOINT) else None
    return Site(file=file, line=line, function=name, size=0, endpoint=endpoint)
