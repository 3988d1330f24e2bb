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
        return _below(own, _new_roots(case.base.ownership, own))
    return _below(own, {owner.at})


def _new_roots(before: Ownership, now: Ownership) -> set[int]:
    known = {before.stacks.frame_at(node).label for node in _roots(before)}
    labels = {node: now.stacks.frame_at(node).label for node in _roots(now)}
    return {node for node, label in labels.items() if label not in known or label == MODULE}


def _roots(own: Ownership) -> list[int]:
    return [node for node, above in enumerate(own.stacks.parent) if above < 0]


def _below(own: Ownership, nodes: Collection[int]) -> list[Site]:
    """Of the sampled nodes and of the holders there; a holder's have those of all below it."""
    found = [site for row in own.loose if _is_below(own, row.node, nodes) for site in row.sites]
    holders = {one.node: one for one in own.holders if one.sites}
    for node, holder in holders.items():
        above = set(own.stacks.chain(node)) - {node}
        if _is_below(own, node, nodes) and not any(
            other in holders and _is_below(own, other, nodes) for other in above
        ):
            found += holder.sites
    return _added(found)


def _is_below(own: Ownership, node: int, nodes: Collection[int]) -> bool:
    return any(above in nodes for above in own.stacks.chain(node))


def _added(sites: Iterable[Site]) -> list[Site]:
    found: dict[object, Site] = {}
    for site in sites:
        key = same_site(site)
        old = found.get(key)
        found[key] = (
            site
            if old is None
            else replace(old, size=old.size + site.size, count=old.count + site.count)
        )
    return sorted(found.values(), key=lambda site: -site.size)
