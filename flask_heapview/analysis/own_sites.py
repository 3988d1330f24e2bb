"""Who allocated what an owner holds: its own sites, and nobody else's."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from ..model.ownership import MODULE, Ownership, Site
from .finding import Case
from .growing_nodes import GrowingNode
from .growing_sites import same_site
from .library_rules import MODULES_PATH


def own_sites(case: Case, owner: GrowingNode) -> list[Site]:
    """Those of its holder, else of the sampled nodes below it; the largest first."""
    if owner.holder is not None and owner.holder.sites:
        return owner.holder.sites
    own = case.target.ownership
    if owner.path == MODULES_PATH:  # each module is a root of its own
        return sites_below(own, _new_roots(case.base.ownership, own))
    return sites_below(own, {owner.at})


def _new_roots(before: Ownership, now: Ownership) -> set[int]:
    known = frozenset(before.stacks.roots().values()) - {MODULE}
    return {node for node, label in now.stacks.roots().items() if label not in known}


def sites_below(own: Ownership, nodes: Collection[int]) -> list[Site]:
    """Of the sampled nodes and of the holders there; a holder's have those of all below it."""
    found = [site for row in own.loose if _is_below(own, row.node, nodes) for site in row.sites]
    holders = {one.node: one for one in own.holders if one.sites}
    for node, holder in holders.items():
        above = set(own.stacks.chain(node)) - {node}
        if _is_below(own, node, nodes) and not any(
            other in holders and _is_below(own, other, nodes) for other in above
        ):
            found += holder.sites
    return added(found)


def _is_below(own: Ownership, node: int, nodes: Collection[int]) -> bool:
    return any(above in nodes for above in own.stacks.chain(node))


def added(sites: Iterable[Site]) -> list[Site]:
    """One row for each place, the largest first."""
    found: dict[object, Site] = {}
    for site in sites:
        old = found.get(same_site(site))
        found[same_site(site)] = site if old is None else _sum(old, site)
    return sorted(found.values(), key=lambda site: -site.size)


def _sum(one: Site, other: Site) -> Site:
    births = one.births
    if births is not None and other.births is not None:
        births = births.added(other.births)
    return replace(one, size=one.size + other.size, count=one.count + other.count, births=births)
