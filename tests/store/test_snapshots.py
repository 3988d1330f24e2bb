"""Snapshots on disk: what is kept, what is refused, what is survived."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from flask_heapview.errors import Conflict, CorruptSnapshot, NotFound, StoreError
from flask_heapview.model.heap import Heap
from flask_heapview.model.snapshot import Snapshot, SnapshotInfo
from flask_heapview.store.snapshots import Retention, Store

from ..helpers import needs


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "heapview")
    made.open()
    return made


def info_of(store: Store, number: int = 0, **fields: object) -> SnapshotInfo:
    taken = f"2026-01-01T00:00:{number:02}Z"
    values = {"id": store.new_id(), "state": "done", "worker": "w", "taken_at": taken, **fields}
    return SnapshotInfo(**values)  # type: ignore[arg-type]


def put(store: Store, number: int = 0, **fields: object) -> str:
    info = info_of(store, number, **fields)
    store.save(Snapshot(info=info, heap=Heap(objects=number)))
    return info.id


def limits(count: int = 40, bytes: int = 10**9, seconds: float = 1e6) -> Retention:
    return Retention(count=count, bytes=bytes, seconds=seconds)


def test_what_is_saved_can_be_read_by_everybody(store: Store) -> None:
    snapshot_id = put(store, 3, label="before")
    other = Store(store.directory)
    snapshot = other.load(snapshot_id)
    assert (snapshot.heap.objects, snapshot.info.label) == (3, "before")
    assert (
        other.info(snapshot_id).size == (store.directory / f"{snapshot_id}.snapshot").stat().st_size
    )
    assert (store.directory / f"{snapshot_id}.snapshot").stat().st_mode & 0o777 == 0o600
    assert store.directory.stat().st_mode & 0o777 == 0o700


def test_the_newest_comes_first(store: Store) -> None:
    ids = [put(store, n) for n in range(5)]
    assert [info.id for info in store.listing()] == ids[::-1]


@pytest.mark.parametrize("snapshot_id", ["20260101-000000-00000000", "../etc", "", "x" * 500])
def test_unknown_and_foolish_ids(store: Store, snapshot_id: str) -> None:
    for call in (store.info, store.load, store.delete):
        with pytest.raises(NotFound):
            call(snapshot_id)
    with pytest.raises(NotFound):
        store.pin(snapshot_id, True)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    line, _, body = path.read_bytes().partition(b"\n")
    head = msgspec.json.decode(line)
    head["schema"] = "flask-heapview/snapshot/99"
    path.write_bytes(msgspec.json.encode(head) + b"\n" + body)


@pytest.mark.parametrize("harm", [cut, flip, empty, foreign])
def test_a_damaged_file_is_told_and_harms_no_other(store: Store, harm: object) -> None:
    good, bad = put(store, 1), put(store, 2)
    harm(store.directory / f"{bad}.snapshot")  # type: ignore[operator]
    with pytest.raises(CorruptSnapshot, match="Delete it"):
        store.load(bad)
    assert store.load(good).heap.objects == 1
    assert good in [info.id for info in store.listing()]
    if harm in (empty, foreign):
        assert store.damaged() == [bad]
        assert [info.id for info in store.listing()] == [good]
    store.delete(bad)
    assert store.damaged() == []


def test_the_oldest_unpinned_goes_first(store: Store) -> None:
    ids = [put(store, n) for n in range(6)]
    store.pin(ids[0], True)
    Store(store.directory, limits(count=2)).tidy()
    assert [i.id for i in store.listing()] == [ids[5], ids[4], ids[0]]
    assert store.info(ids[0]).pinned
    store.pin(ids[0], False)
    Store(store.directory, limits(bytes=1)).tidy()
    assert [i.id for i in store.listing()] == [ids[5]]  # the newest stays, whatever its size


def test_without_limits_all_are_kept(store: Store) -> None:
    ids = [put(store, n) for n in range(50)]
    for one in ids:
        os.utime(store.directory / f"{one}.snapshot", (0, 0))
    store.tidy()
    assert [info.id for info in store.listing()] == ids[::-1]


def test_old_ones_go(store: Store) -> None:
    snapshot_id = put(store)
    past = time.time() - 100
    os.utime(store.directory / f"{snapshot_id}.snapshot", (past, past))
    Store(store.directory, limits(seconds=1000)).tidy()
    assert len(store.listing()) == 1
    Store(store.directory, limits(seconds=10)).tidy()
    assert store.listing() == []


def test_another_worker_tidies_at_the_same_time(store: Store) -> None:
    ids = [put(store, n) for n in range(6)]

    class Raced(Store):
        """Each file is gone as soon as it is looked at."""

        def _by_age(self) -> Iterator[tuple[Path, SnapshotInfo]]:
            for path, info in super()._by_age():
                if info.id != ids[-1]:
                    path.unlink()
                yield path, info

    Raced(store.directory, limits(count=2)).tidy()
    assert [info.id for info in store.listing()] == [ids[-1]]


def test_what_dead_captures_left_is_taken_away(store: Store) -> None:
    dead = store.directory / f"{store.new_id()}.snapshot.999999999.part"
    alive = store.directory / f"{store.new_id()}.snapshot.{os.getpid()}.part"
    dead.touch()
    alive.touch()
    store.tidy()
    assert not dead.exists()
    assert alive.exists()


def test_a_worker_that_ended_leaves_a_failed_snapshot(store: Store) -> None:
    info = info_of(store, state="running", pid=999_999_999)
    store.begin(info).__exit__()
    assert store.info(info.id).error == "The worker ended during the capture."
    assert [i.state for i in store.listing()] == ["failed"]
    store.delete(info.id)
    finished = info_of(store, state="running", pid=999_999_999)
    store.begin(finished).__exit__()
    store.save(Snapshot(info=msgspec.structs.replace(finished, state="done")))
    assert store.info(finished.id).state == "done"
    assert {p.suffix for p in store.directory.iterdir()} == {".snapshot"}


def test_a_running_capture_cannot_be_deleted(store: Store) -> None:
    info = info_of(store, state="running", pid=os.getpid())
    with store.begin(info) as board:
        board.advance("walking", 1, 2)
        assert store.info(info.id).progress.done == 1
        with pytest.raises(Conflict, match="still running"):
            store.delete(info.id)
    store.end(info.id)
    assert store.listing() == []


def test_a_link_in_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="not a real directory"):
        Store(tmp_path / "link").open()


def test_a_directory_open_to_others(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    with pytest.raises(StoreError, match="chmod 700"):
        Store(tmp_path / "open").open()


def test_a_directory_of_somebody_else(tmp_path: Path) -> None:
    needs(os.geteuid() == 0, "giving a directory away needs root")
    (tmp_path / "theirs").mkdir(mode=0o700)
    os.chown(tmp_path / "theirs", 1234, 1234)
    with pytest.raises(StoreError, match="another user"):
        Store(tmp_path / "theirs").open()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Set HEAPVIEW_DIR"):
        Store(tmp_path / "file" / "heapview").open()
