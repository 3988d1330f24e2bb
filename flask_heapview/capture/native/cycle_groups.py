"""The cycles of a walk, those of one shape together."""

from __future__ import annotations

import msgspec

from ...inspection.cycle_shape import is_ours, shape_fingerprint, short_name
from ...model.cycles import CycleGroup, Cycles
from ...model.ownership import Site
from . import walk_file
from .sample_owners import SampleOwners


class CycleGroups:
    """`sites` are those that tracing knows, by place in the walk's list; `owned` the sampled."""

    def __init__(
        self, found: walk_file.WalkFile, owned: SampleOwners, sites: dict[int, list[Site]]
    ) -> None:
        self.walk, self.owned, self.sites = found, owned, sites

    def cycles(self, garbage_bytes: int) -> Cycles:
        """The garbage first, then by bytes."""
        groups: dict[tuple[bool, str], CycleGroup] = {}
        for number, group in enumerate(self.walk.cycles):
            made = self._group(number, group)
            if made.garbage or not is_ours(made.types):
                key = (not made.garbage, made.chain)
                groups[key] = _joined(groups[key], made) if key in groups else made
        found = sorted(groups.values(), key=lambda g: (not g.garbage, -g.size))
        looked, candidates = self.walk.live_looked_at, self.walk.live_candidates
        note = f"Live cycles were looked for among the {looked} newest objects that lead on."
        return Cycles(
            garbage_objects=self.walk.garbage_objects,
            garbage_bytes=garbage_bytes,
            groups=found,
            note=note if candidates > looked else "",
        )

    def _group(self, number: int, group: walk_file.Cycle) -> CycleGroup:
        chain = self._chain(group)
        kinds = sorted(group.kinds, key=lambda pair: -pair[1])
        return CycleGroup(
            fingerprint=shape_fingerprint(chain),
            chain=chain,
            garbage=group.garbage,
            components=group.components,
            count=group.count,
            size=group.size,
            types=[self.walk.types[kind].name for kind, _ in kinds[:5]],
            sites=self.sites.get(number) or self._garbage_sites(group),
        )

    def _garbage_sites(self, group: walk_file.Cycle) -> list[Site]:
        if not group.garbage:
            return []
        return self.owned.sites(self.walk.garbage_node, [kind for kind, _ in group.kinds])

    def _chain(self, group: walk_file.Cycle) -> str:
        names = [short_name(self.walk.types[step.type].name) for step in group.chain]
        parts = []
        for name, step in zip(names, group.chain, strict=True):
            label = self.walk.labels[step.label]
            parts.append(f"{name}[{step.place}]" if step.place >= 0 else f"{name}{label}")
        return " → ".join([*parts, names[0]])


def _joined(one: CycleGroup, other: CycleGroup) -> CycleGroup:
    return msgspec.structs.replace(
        one,
        components=one.components + other.components,
        count=one.count + other.count,
        size=one.size + other.size,
    )
