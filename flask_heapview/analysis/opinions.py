"""Lays the census of one engine beside that of another, and tells why they differ."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..model.heap import TypeRow
from ..model.opinions import (
    SCHEMA,
    DiffersFor,
    OpinionFact,
    Opinions,
    PackagesImported,
    Reason,
    SizesHaveHeaders,
    TakenApart,
    TypeOpinions,
    TypesAgree,
)
from ..model.ownership import is_own_type
from ..model.snapshot import Snapshot, SnapshotInfo

PACKAGES = frozenset(("guppy", "objgraph", "pympler"))  # modules that the portable engine imports
REASONS: tuple[Reason, ...] = ("dictionaries", "untracked", "own", "rest")
NOTHING = TypeRow(type="", module="", count=0, size=0, tracked=0)


def opinions(first: Snapshot, second: Snapshot) -> Opinions:
    """Both, by type: facts without words. The snapshots are of one worker, by two engines."""
    before, after = _by_name(first.heap.types), _by_name(second.heap.types)
    rows = [
        _row(name, before.get(name, NOTHING), after.get(name, NOTHING))
        for name in before.keys() | after.keys()
    ]
    rows.sort(key=_largest_first)
    return Opinions(
        schema=SCHEMA,
        first=first.info,
        second=second.info,
        first_objects=first.heap.objects,
        second_objects=second.heap.objects,
        first_bytes=first.heap.size,
        second_bytes=second.heap.size,
        types=rows,
        facts=_facts(first, second, rows),
    )


def _largest_first(row: TypeOpinions) -> tuple[int, int, str]:
    return -abs(row.second_bytes - row.first_bytes), -row.first_bytes, row.type


def _by_name(rows: Sequence[TypeRow]) -> dict[str, TypeRow]:
    """The rows by type. Types that share a name are one: nothing tells them apart elsewhere."""
    found: dict[str, TypeRow] = {}
    for row in rows:
        same = found.get(row.type, NOTHING)
        found[row.type] = msgspec.structs.replace(
            row,
            count=same.count + row.count,
            size=same.size + row.size,
            tracked=same.tracked + row.tracked,
        )
    return found


def _row(name: str, first: TypeRow, second: TypeRow) -> TypeOpinions:
    agree = (first.count, first.size) == (second.count, second.size)
    return TypeOpinions(
        type=name,
        first_objects=first.count,
        second_objects=second.count,
        first_bytes=first.size,
        second_bytes=second.size,
        reason=None if agree else _reason(name, first, second),
    )


def _reason(name: str, first: TypeRow, second: TypeRow) -> Reason:
    if is_own_type(name):
        return "own"
    if name == "dict":
        return "dictionaries"
    return "rest" if first.tracked or second.tracked else "untracked"


def _facts(first: Snapshot, second: Snapshot, rows: Sequence[TypeOpinions]) -> list[OpinionFact]:
    agreed = sum(row.reason is None for row in rows)
    found: list[OpinionFact] = [
        TypesAgree(types=agreed, of=len(rows)),
        _apart(first.info, second.info),
    ]
    packages = sorted(_packages(first) ^ _packages(second))
    if packages:
        found.append(PackagesImported(packages=packages))
    for reason in REASONS:
        those = [row for row in rows if row.reason == reason]
        if those:
            found.append(
                DiffersFor(
                    reason=reason,
                    first=first.info.engine_kind,
                    second=second.info.engine_kind,
                    types=len(those),
                    objects=sum(row.second_objects - row.first_objects for row in those),
                    bytes=sum(row.second_bytes - row.first_bytes for row in those),
                )
            )
    return [*found, SizesHaveHeaders()]


def _apart(first: SnapshotInfo, second: SnapshotInfo) -> TakenApart:
    known = first.requests.known and second.requests.known
    return TakenApart(
        seconds=round(abs(second.clock - first.clock), 1),
        requests=abs(second.requests.total - first.requests.total) if known else None,
    )


def _packages(snapshot: Snapshot) -> set[str]:
    """The portable engine's own, as far as they are imported."""
    return {
        one.name for one in snapshot.libraries.distributions if PACKAGES.intersection(one.modules)
    }
