"""The open suspects of a worker: kept with a report, gone with their worker and their snapshots."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from flask_heapview.model.metrics import OpenSuspect
from flask_heapview.model.report import (
    Growing,
    Interval,
    PerRequest,
    Report,
    SnapshotRef,
    Suspect,
)
from flask_heapview.model.snapshot import Snapshot, SnapshotInfo
from flask_heapview.process.identity import worker_id
from flask_heapview.store import suspects
from flask_heapview.store.snapshots import Retention, Store
from flask_heapview.workers.entries import Entries

BASE, TARGET, LATER = (f"20260101-00000{n}-00000000" for n in range(3))
WORKER = "7-abc"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """With two snapshots, and the entry of a worker."""
    made = Store(tmp_path / "heapview")
    made.open()
    for snapshot_id in (BASE, TARGET):
        put(made, snapshot_id)
    (made.directory / f"worker-{WORKER}.json").write_text("{}")
    return made


def put(store: Store, snapshot_id: str) -> None:
    taken = f"2026-01-01T00:00:0{snapshot_id[14]}Z"
    info = SnapshotInfo(id=snapshot_id, state="done", worker=WORKER, taken_at=taken)
    store.save(Snapshot(info=info))


def suspect(number: int = 0) -> Suspect:
    growing = Growing(type="list", objects=9, bytes=900, per_request=PerRequest(1.0, 100.5))
    return Suspect(
        rank=number + 1,
        cause="registry",
        confidence=0.75,
        summary="app.secret_path gained a lot",
        holder=None,
        growing=growing,
        fingerprint=f"print{number}",
    )


def report(*found: Suspect, base: str | None = BASE, worker: str = WORKER) -> Report:
    return Report(
        schema="",
        generated_at="",
        base=None if base is None else SnapshotRef(base, "", worker),
        target=SnapshotRef(TARGET, "", worker),
        interval=Interval(1.0, 1, {}),
        verdict="leak",
        summary="",
        advice="",
        suspects=list(found),
    )


def kept(store: Store, worker: str = WORKER) -> list[OpenSuspect]:
    return suspects.read(store.directory, worker, store.has)


def files(store: Store) -> list[str]:
    return sorted(path.name for path in store.directory.glob("*.suspects"))


def test_the_facts_of_the_last_report_are_kept(store: Store) -> None:
    suspects.keep(store.directory, report(suspect(0), suspect(1)))
    assert kept(store)[0] == OpenSuspect("print0", "registry", 0.75, 100.5)
    assert len(kept(store)) == 2
    text = (store.directory / files(store)[0]).read_text()
    assert "secret_path" not in text
    suspects.keep(store.directory, report())
    assert kept(store) == []


def test_one_snapshot_alone_changes_nothing(store: Store) -> None:
    suspects.keep(store.directory, report(suspect()))
    suspects.keep(store.directory, report(base=None))
    assert len(kept(store)) == 1


def test_only_so_many_are_kept(store: Store) -> None:
    suspects.keep(store.directory, report(*map(suspect, range(50))))
    assert [one.fingerprint for one in kept(store)] == [f"print{n}" for n in range(20)]


@pytest.mark.parametrize("worker", ["8-dead", "", "../heapview/worker-7-abc", "a/b", "7-abc\n"])
def test_nothing_is_written_for_what_is_no_live_worker(store: Store, worker: str) -> None:
    before = sorted(path.name for path in store.directory.iterdir())
    suspects.keep(store.directory, report(suspect(), worker=worker))
    assert sorted(path.name for path in store.directory.iterdir()) == before


def test_where_nothing_can_be_written_the_report_stands(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(suspects, "write_private", full)
    suspects.keep(store.directory, report(suspect()))
    assert kept(store) == []


@pytest.mark.parametrize("gone", [BASE, TARGET])
def test_they_go_with_either_snapshot(store: Store, gone: str) -> None:
    suspects.keep(store.directory, report(suspect()))
    put(store, LATER)
    store.delete(LATER)
    assert len(files(store)) == 1
    store.delete(gone)
    assert files(store) == []
    assert kept(store) == []


def test_they_go_when_a_snapshot_is_too_old(store: Store) -> None:
    suspects.keep(store.directory, report(suspect()))
    limits = Retention(count=1, bytes=10**9, seconds=1e6)
    Store(store.directory, limits).tidy()
    assert files(store) == []


def test_a_report_that_came_too_late_is_not_believed(store: Store) -> None:
    store.delete(BASE)
    suspects.keep(store.directory, report(suspect()))
    assert kept(store) == []


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"base": 1}', b'{"suspects": []}'])
def test_a_damaged_file_says_nothing_and_goes(store: Store, data: bytes) -> None:
    (store.directory / f"worker-{WORKER}.suspects").write_bytes(data)
    assert kept(store) == []
    put(store, LATER)
    store.delete(LATER)
    assert files(store) == []


def test_an_id_that_is_none_is_no_snapshot(store: Store) -> None:
    suspects.keep(store.directory, report(suspect(), base="../../etc/passwd"))
    assert kept(store) == []
    store.delete(TARGET)
    assert files(store) == []


def test_those_of_dead_workers_go(store: Store) -> None:
    """Whoever lists the workers finds them, with or without an entry beside."""
    import os

    own = worker_id(os.getpid())
    entry = {"id": own, "pid": os.getpid(), "started_at": ""}
    (store.directory / f"worker-{own}.json").write_bytes(msgspec.json.encode(entry))
    for worker in (own, WORKER, "999999-dead"):
        (store.directory / f"worker-{worker}.suspects").write_text("{}")
    Entries(store.directory).live()
    assert files(store) in ([], [f"worker-{own}.suspects"])  # own: by the namespace
    Entries(store.directory).remove(own)
    assert files(store) == []
