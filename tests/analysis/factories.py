"""Snapshots as a service would have made them, for the judge."""

from __future__ import annotations

from typing import Any

from flask_heapview.model.ownership import Holder, Ownership, Site
from flask_heapview.model.process import Allocators, Bridge, Process
from flask_heapview.model.snapshot import Requests, Snapshot, SnapshotInfo
from flask_heapview.model.stacks import Frame, StacksBuilder

MB = 1_000_000
SITE = Site(file="/srv/app.py", line=17, function="page", size=900, endpoint="page")


def tree(*paths: tuple[list[tuple[str, str]], int, int]) -> StacksBuilder:
    builder = StacksBuilder()
    for steps, count, size in paths:
        builder.add([Frame(label, kind) for label, kind in steps], count, size)
    return builder


def snapshot(
    turn: int, entries: int, *, step: int = 100, kind: str = "dict", leaf: str = "str", **more: Any
) -> Snapshot:
    """app.cache with so many entries, after `turn` rounds of requests."""
    steps = [("app", "module"), (".cache", kind)]
    builder = tree(
        (steps[:1], 1, 100),
        (steps, 1, 200),
        ([*steps, ("[value]", leaf)], entries, entries * 1000),
    )
    holder = Holder(
        node=1,
        path="app.cache",
        type=kind,
        entries=entries,
        app=True,
        sites=[SITE],
        entry_types=[leaf],
        limit=more.pop("limit", None),
        limit_guessed=more.pop("limit_guessed", False),
        kind=more.pop("holder_kind", "container"),
    )
    info = SnapshotInfo(
        id=f"20260101-00000{turn}-00000000",
        state="done",
        worker=more.pop("worker", "w"),
        taken_at=f"2026-01-01T00:00:0{turn}Z",
        requests=Requests(total=step * (turn + 1), endpoints={"page": step * (turn + 1)}),
        clock=10.0 * turn,
    )
    ownership = Ownership(stacks=builder.build(), holders=[holder], app_roots=["app"])
    machine = {"machine_total": 8_000 * MB}
    return Snapshot(
        info=info,
        ownership=ownership,
        process=more.pop("process", Process(**machine)),
        **more,
    )


def row(*entries: int, **more: Any) -> list[Snapshot]:
    return [snapshot(turn, count, **more) for turn, count in enumerate(entries)]


def memory(turn: int, **figures: int) -> dict[str, Any]:
    """Process figures that grow by so many MB a round."""
    grown = {name: value * MB * (turn + 1) for name, value in figures.items()}
    process = Process(
        anonymous=grown.get("anonymous", 0),
        tmpfs=grown.get("tmpfs", 0),
        allocators=Allocators(malloc_free=grown.get("free", 0)),
        bridge=Bridge(native=grown.get("native", 0)),
    )
    return {"process": process}
