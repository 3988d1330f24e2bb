"""Allocation sites that grew, from the stacks of two snapshots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from ..model.allocations import Allocations
from ..model.native import NativeMemory
from ..model.ownership import Site
from ..model.stacks import Frame, Stacks

Key = tuple[str, int, str, str, str | None]


def own_frames(found: Allocations | NativeMemory) -> frozenset[Frame]:
    """The frames that are the app's own code."""
    return frozenset(found.stacks.frames[n] for n in found.app_frames)


def own_frames_of_both(
    tree: Stacks, before: Allocations | NativeMemory, now: Allocations | NativeMemory
) -> list[int]:
    """Those of their common tree, which are the app's own code in either, by number."""
    own = own_frames(before) | own_frames(now)
    return [n for n, frame in enumerate(tree.frames) if frame in own]


def sizes_by_endpoint(sites: Iterable[Site]) -> Counter[str]:
    """Bytes that each endpoint's requests allocated; what has none is left out."""
    sizes: Counter[str] = Counter()
    for site in sites:
        if site.endpoint:
            sizes[site.endpoint] += site.size
    return sizes


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
