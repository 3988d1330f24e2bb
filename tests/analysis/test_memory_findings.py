"""Memory of no object, beside objects that pile up."""

from __future__ import annotations

import msgspec
import pytest

from flask_heapview.model.ownership import Ownership
from flask_heapview.model.process import Process, Readings
from flask_heapview.model.snapshot import Requests, Snapshot
from flask_heapview.reports.queries import judge_in_words

from .factories import MB, memory, snapshot, tree


def test_native_memory_that_hangs_on_objects_is_theirs() -> None:
    figures = {"native": 20, "anonymous": 22}
    rows = [snapshot(n, 100 * (n + 1), **memory(n, **figures)) for n in range(3)]
    first, second = judge_in_words(rows).suspects
    assert first.cause == "unbounded-container"
    assert first.evidence[-2].startswith(
        "Native memory grew by 40.0 MB as well (200.0 kB per object)."
    )
    assert (second.cause, second.confidence) == ("native", 0.4)


@pytest.mark.parametrize(
    ("endpoint", "beside", "apart"),
    [("thumb", 0, True), ("page", 0, False), ("page", 20_000, False)],
)
def test_native_memory_of_another_endpoint_stands_apart(
    endpoint: str, beside: int, apart: bool
) -> None:
    """Requests of `page` leave objects behind. Whose native memory it is, the readings say. A few
    hundredths of it, `beside` it, may be what the fit strays by."""
    other = {"thumb": "page", "page": "thumb"}[endpoint]

    def serving(turn: int) -> Snapshot:
        made = snapshot(turn, 100 * (turn + 1), **memory(turn, native=20, anonymous=22))
        clock = [0.5 * n for n in range(40 * turn + 1) if n <= 40]
        guilty = [sum(1 + k % 3 for k in range(n)) for n in range(len(clock))]
        readings = Readings(
            clock=clock,
            malloc=[n * 500_000 + 2 * turns * beside for turns, n in enumerate(guilty)],
            requests={endpoint: guilty, other: [2 * n for n in range(len(clock))]},
        )
        asked = {"thumb": 100 * (turn + 1), "page": 100 * (turn + 1)}
        return msgspec.structs.replace(
            made,
            info=msgspec.structs.replace(
                made.info, requests=Requests(total=200 * (turn + 1), endpoints=asked)
            ),
            process=msgspec.structs.replace(made.process, readings=readings),
        )

    report = judge_in_words([serving(turn) for turn in range(3)])
    found = {suspect.cause: suspect for suspect in report.suspects}
    assert found["unbounded-container"].confidence >= 0.9
    native = found["native"]
    assert (native.confidence >= 0.5) is apart
    assert ([one.endpoint for one in native.endpoints] == ["thumb"]) is apart


def test_native_memory_does_not_hang_on_pointers() -> None:
    """A list that gains what others hold is a leak; it is not what holds the native memory."""

    def made(turn: int) -> Snapshot:
        figures = memory(turn, native=20, anonymous=22)
        found = snapshot(turn, 0, kind="list", **figures)
        entries = 100 * (turn + 1)
        steps = [("app", "module"), (".cache", "list")]
        builder = tree((steps[:1], 1, 100), (steps, 1, 56 + 8 * entries))
        (holder,) = found.ownership.holders
        own = Ownership(
            stacks=builder.build(),
            holders=[msgspec.structs.replace(holder, entries=entries)],
            app_roots=["app"],
        )
        return msgspec.structs.replace(found, ownership=own)

    suspects = judge_in_words([made(turn) for turn in range(3)]).suspects
    assert {s.cause: s.confidence >= 0.5 for s in suspects} == {
        "unbounded-container": True,
        "native": True,
    }


@pytest.mark.parametrize(("files", "leaks"), [((10, 40, 55), True), ((10, 40, 42), False)])
def test_other_workers_files_come_at_no_even_rate(files: tuple[int, ...], leaks: bool) -> None:
    rows = [
        snapshot(turn, 5, process=Process(machine_total=8_000 * MB, tmpfs=size * MB))
        for turn, size in enumerate(files)
    ]
    (suspect,) = judge_in_words(rows).suspects
    assert suspect.cause == "off-process"
    assert suspect.leaks is leaks


@pytest.mark.parametrize(
    ("written", "leaks"),
    [
        ((10, 40, 70), True),
        ((10, 12, 14), False),  # 4 MB for 60 MB of files: somebody else's
        ((30, 40, 20), True),  # a worker has ended, and taken its figures along
        ((None, None, None), True),
    ],
)
def test_nobody_fills_files_without_writing(written: tuple[int | None, ...], leaks: bool) -> None:
    def made(turn: int, bytes_: int | None) -> Snapshot:
        process = Process(
            machine_total=8_000 * MB,
            tmpfs=30 * MB * (turn + 1),
            written=None if bytes_ is None else bytes_ * MB,
        )
        return snapshot(turn, 5, process=process)

    (suspect,) = judge_in_words([made(*row) for row in enumerate(written)]).suspects
    assert (suspect.cause, suspect.leaks) == ("off-process", leaks)
    assert any("other programs" in text for text in suspect.evidence) is not leaks


@pytest.mark.parametrize(("garbage", "leaks"), [(50, True), (0, False)])
def test_garbage_that_waits_is_no_growth_beside_which_it_is_small(
    garbage: int, leaks: bool
) -> None:
    """10 of 70 MB are native, and 50 MB are garbage that the collector is going to free."""

    def made(turn: int) -> Snapshot:
        found = snapshot(turn, 100, **memory(turn, native=5, anonymous=35))
        cycles = msgspec.structs.replace(found.cycles, garbage_bytes=garbage * MB * turn // 2)
        return msgspec.structs.replace(found, cycles=cycles)

    report = judge_in_words([made(turn) for turn in range(3)])
    sure = [one.cause for one in report.suspects if one.confidence >= 0.5]
    assert ("native" in sure) is leaks
