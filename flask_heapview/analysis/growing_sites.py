"""Allocation sites that grew, from the stacks of two snapshots."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ..model.allocations import Allocations
from ..model.ownership import Site
from ..model.stacks import Frame

Key = tuple[str, int, str, str, str | None]


def own_frames(allocations: Allocations) -> frozenset[Frame]:
    """The frames that are the app's own code."""
    return frozenset(allocations.stacks.frames[n] for n in allocations.app_frames)


def site_of(stack: list[Frame], own: frozenset[Frame]) -> Frame:
    """Where a person would look: the innermost frame of the app's own, else the innermost."""
    return next((frame for frame in reversed(stack) if frame in own), stack[-1])


def gained_at(before: Sequence[Site], now: Sequence[Site]) -> list[Site]:
    """The sites that have more than before, with what they gained; the largest gain first."""
    known = {same_site(site): site for site in before}
    found = []
    for site in now:
        old = known.get(same_site(site))
        size = site.size - (old.size if old is not None else 0)
        count = site.count - (old.count if old is not None else 0)
        if size > 0:
            found.append(replace(site, size=size, count=max(0, count)))
    return sorted(found, key=lambda site: -site.size)


def same_site(site: Site) -> Key:
    """Equal for one place, whatever came from there."""
    return site.file, site.line, site.function, site.library, site.endpoint
