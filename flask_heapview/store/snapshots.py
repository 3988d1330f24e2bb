"""Snapshots on disk, shared by the workers of one app on this host.

A file is a line of JSON with the snapshot's status, its schema and a checksum, then the body. It is
written under another name and renamed, so a reader sees all of it or nothing. While a capture runs
there are two small files beside: what it is, and the shared page with its progress.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import msgspec
import psutil

from ..errors import Conflict, CorruptSnapshot, NotFound, StoreError
from ..isolation.locked_file import turn_of
from ..isolation.progress_page import ProgressPage
from ..model.base import Model, from_json, to_json
from ..model.snapshot import SCHEMA, Snapshot, SnapshotInfo
from . import decoded, suspects
from .directory import explain, private_directory
from .private_file import PART, write_private

ID = re.compile(r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{8}$")
DONE, RUNNING, FAILED, PROGRESS = ".snapshot", ".running", ".failed", ".progress"
CAPTURE_LOCK = "capture.lock"  # held by whoever forks
GRAPH = ".graph"  # beside the snapshot, for a capture of that kind
MAX_HEADER_BYTES = 1 << 20  # bytes of a first line that is still believed


class Head(Model, frozen=True):
    """The first line of a stored file."""

    schema: str  # what the body's fields mean
    sha256: str  # of the body, hexadecimal
    length: int  # bytes of the body
    info: SnapshotInfo


def _read(path: Path) -> Snapshot:
    """What a file holds. Raises OSError and CorruptSnapshot."""
    line, _, body = path.read_bytes().partition(b"\n")
    head = _read_head(line, path)
    if len(body) != head.length or hashlib.sha256(body).hexdigest() != head.sha256:
        raise _damaged(path)
    try:
        snapshot = from_json(body, Snapshot)
    except msgspec.MsgspecError:
        raise _damaged(path) from None
    if not snapshot.whole:
        raise _damaged(path)
    return msgspec.structs.replace(snapshot, info=head.info)


class Retention(Model, frozen=True):
    """How much is kept; the oldest unpinned snapshot goes first."""

    count: int
    bytes: int
    seconds: float


class Store:
    """The snapshots of one app. Without a retention, nothing is dropped for its age or size.

    Without `values`, what is loaded has no keys of the app's dictionaries.
    """

    def __init__(
        self, directory: Path, retention: Retention | None = None, *, values: bool = True
    ) -> None:
        self.directory = directory
        self.retention = retention
        self.values = values

    def open(self) -> Path:
        """The directory, checked anew: it may have been replaced since the last time."""
        return private_directory(self.directory)

    def _file(self, snapshot_id: str, ending: str) -> Path:
        if not ID.match(snapshot_id):
            raise NotFound("There is no snapshot with that id.")
        return self.directory / (snapshot_id + ending)

    # --- writing

    @staticmethod
    def new_id() -> str:
        """Sortable by time, and not to be guessed."""
        return time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + secrets.token_hex(4)

    def begin(self, info: SnapshotInfo) -> ProgressPage:
        """Announces a capture and makes its progress page. Raises StoreError."""
        self.open()
        try:
            page = ProgressPage(self._file(info.id, PROGRESS), create=True)
            write_private(self._file(info.id, RUNNING), to_json(info), sync=True)
        except OSError as error:
            self.end(info.id)
            raise StoreError(explain(error, self.directory)) from error
        return page

    def capture_turn(
        self, patience: float, waiting: Callable[[], None]
    ) -> AbstractContextManager[bool]:
        """One capture at a time among all that share the directory: see turn_of."""
        return turn_of(self.directory / CAPTURE_LOCK, patience, waiting)

    def save(self, snapshot: Snapshot) -> None:
        """Writes a snapshot, all or nothing; runs in the child. Raises OSError."""
        found = snapshot.cycles
        info = msgspec.structs.replace(
            snapshot.info, garbage_objects=found.garbage_objects, garbage_bytes=found.garbage_bytes
        )
        body = to_json(msgspec.structs.replace(snapshot, info=_bare(info)))
        head = Head(
            schema=SCHEMA, sha256=hashlib.sha256(body).hexdigest(), length=len(body), info=info
        )
        write_private(self._file(info.id, DONE), to_json(head) + b"\n" + body, sync=True)

    def graph(self, snapshot_id: str) -> Path:
        """Where a graph capture keeps its arrays."""
        return self._file(snapshot_id, GRAPH)

    def part(self, snapshot_id: str, name: str = "raw") -> Path:
        """Where something of a snapshot may lie for a while; it is dropped with its process."""
        return self._file(snapshot_id, f".{name}.{os.getpid()}{PART}")

    def has(self, snapshot_id: str) -> bool:
        """Whether the snapshot was written."""
        return self._file(snapshot_id, DONE).exists()

    def fail(self, info: SnapshotInfo, reason: str) -> None:
        """Remembers that a capture came to nothing, and why."""
        failed = msgspec.structs.replace(info, state="failed", error=reason)
        self._drop_parts(info.id)  # first: on a full disk, they are what takes the room
        try:
            write_private(self._file(info.id, FAILED), to_json(failed), sync=True)
        except OSError:  # the disk is full: the log has to do
            pass
        self.end(info.id)

    def end(self, snapshot_id: str) -> None:
        """Takes the marks of a running capture away."""
        for ending in (RUNNING, PROGRESS):
            self._file(snapshot_id, ending).unlink(missing_ok=True)
        self._drop_parts(snapshot_id)

    def _drop_parts(self, snapshot_id: str) -> None:
        for part in self._parts():
            if part.name.startswith(f"{snapshot_id}."):
                part.unlink(missing_ok=True)

    # --- reading

    def load(self, snapshot_id: str) -> Snapshot:
        """A whole snapshot. Raises NotFound, or CorruptSnapshot when it is damaged."""
        path = self._file(snapshot_id, DONE)
        try:
            snapshot = decoded.load(path, _read)
        except FileNotFoundError:
            raise NotFound("There is no finished snapshot with that id.") from None
        except OSError as error:
            raise StoreError(explain(error, path)) from error
        shown = snapshot if self.values else snapshot.without_values()
        return msgspec.structs.replace(shown, info=self._shown(path, snapshot.info))

    def stored(self, snapshot_id: str) -> BinaryIO:
        """The file of a finished snapshot, as it is. Raises NotFound or StoreError."""
        path = self._file(snapshot_id, DONE)
        try:
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except FileNotFoundError:
            raise NotFound("There is no finished snapshot with that id.") from None
        except OSError as error:
            raise StoreError(explain(error, path)) from error

    def info(self, snapshot_id: str) -> SnapshotInfo:
        """The status of a snapshot, finished or not. Raises NotFound or CorruptSnapshot."""
        path = self._file(snapshot_id, DONE)
        running = self._running(snapshot_id)  # its mark goes last
        if running is not None:
            return running
        if path.exists():
            return self._shown(path, _read_head(_first_line(path), path).info)
        failed = self._small(self._file(snapshot_id, FAILED))
        if failed is None:
            raise NotFound("There is no snapshot with that id.")
        return failed

    def listing(self) -> list[SnapshotInfo]:
        """Every snapshot that can be read, the newest first; damaged ones are left out."""
        found: dict[str, SnapshotInfo] = {}
        for snapshot_id in self._ids():
            try:
                found[snapshot_id] = self.info(snapshot_id)
            except (NotFound, CorruptSnapshot, StoreError):
                continue
        return [found[key] for key in sorted(found, key=lambda k: _age(found[k]))][::-1]

    def damaged(self) -> list[str]:
        """Ids of files that are there and cannot be read."""
        bad = []
        for snapshot_id in self._ids():
            try:
                self.info(snapshot_id)
            except CorruptSnapshot:
                bad.append(snapshot_id)
            except (NotFound, StoreError):
                continue
        return bad

    def _ids(self) -> set[str]:
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise StoreError(explain(error, self.directory)) from error
        ids = (name.split(".", 1) for name in names if "." in name)
        return {i for i, rest in ids if ID.match(i) and "." + rest in (DONE, RUNNING, FAILED)}

    def _shown(self, path: Path, info: SnapshotInfo) -> SnapshotInfo:
        pinned = path.with_suffix(".pinned").exists()
        try:
            size: int | None = path.stat().st_size
            graph = path.with_suffix(GRAPH)
            if info.kind == "graph" and graph.exists():
                size = (size or 0) + graph.stat().st_size
        except OSError:
            size = None
        return msgspec.structs.replace(info, pinned=pinned, size=size)

    def _small(self, path: Path) -> SnapshotInfo | None:
        try:
            return from_json(path.read_bytes(), SnapshotInfo)
        except (OSError, msgspec.MsgspecError):
            return None

    def _running(self, snapshot_id: str) -> SnapshotInfo | None:
        info = self._small(self._file(snapshot_id, RUNNING))
        if info is None:
            return None
        if not psutil.pid_exists(info.pid):
            if self._file(snapshot_id, DONE).exists():
                self.end(snapshot_id)
            else:
                self.fail(info, "The worker ended during the capture.")
            return None
        try:
            with ProgressPage(self._file(snapshot_id, PROGRESS)) as page:
                return msgspec.structs.replace(info, progress=page.progress())
        except (OSError, ValueError):  # it has just ended
            return info if self._file(snapshot_id, RUNNING).exists() else None

    # --- keeping house

    def delete(self, snapshot_id: str) -> None:
        """Forgets a snapshot. Raises NotFound, or Conflict while its capture runs."""
        if self._small(self._file(snapshot_id, RUNNING)) is not None and self._running(snapshot_id):
            raise Conflict("The capture is still running. Wait until it ends, then delete it.")
        gone = False
        for ending in (DONE, FAILED, ".pinned", GRAPH):
            path = self._file(snapshot_id, ending)
            gone = (path.exists() and ending != GRAPH) or gone
            path.unlink(missing_ok=True)
        if not gone:
            raise NotFound("There is no snapshot with that id.")
        suspects.tidy(self.directory, self.has)

    def pin(self, snapshot_id: str, keep: bool) -> None:
        """Exempts a finished snapshot from the limits, or ends that. Raises NotFound."""
        if not self._file(snapshot_id, DONE).exists():
            raise NotFound("There is no finished snapshot with that id.")
        mark = self._file(snapshot_id, ".pinned")
        if keep:
            mark.touch(0o600)
        else:
            mark.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Drops what is beyond the limits, and what dead captures left behind."""
        if self.retention is not None:
            self._drop_beyond(self.retention)
        for part in self._parts():
            pid = part.name.split(".")[-2]
            if not (pid.isdigit() and psutil.pid_exists(int(pid))):
                part.unlink(missing_ok=True)

    def _drop_beyond(self, limits: Retention) -> None:
        kept, used, now = 0, 0, time.time()
        for path, info in self._by_age():
            if info.pinned:
                continue
            kept, used = kept + 1, used + (info.size or 0)
            old = now - _written(path, now) > limits.seconds
            large = used > limits.bytes and kept > 1  # the newest stays, whatever its size
            if kept > limits.count or large or old:
                path.unlink(missing_ok=True)
                self.graph(info.id).unlink(missing_ok=True)
        suspects.tidy(self.directory, self.has)

    def _parts(self) -> list[Path]:
        # not by glob: pathlib keeps every pattern in a cache of the service's
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return []
        return [self.directory / name for name in names if name.endswith(PART)]

    def _by_age(self) -> Iterator[tuple[Path, SnapshotInfo]]:
        """Finished and failed snapshots, the newest first."""
        for info in self.listing():
            for ending in (DONE, FAILED):
                path = self._file(info.id, ending)
                if info.state != "running" and path.exists():
                    yield path, info


def _written(path: Path, now: float) -> float:
    """Seconds of the clock; now where another worker has just taken the file away."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return now


def _age(info: SnapshotInfo) -> tuple[str, float, str]:
    """By the second, then by the machine's clock: captures may be quicker than a second."""
    return info.taken_at, info.clock, info.id


def _bare(info: SnapshotInfo) -> SnapshotInfo:
    return SnapshotInfo(id=info.id, state=info.state, worker=info.worker, taken_at=info.taken_at)


def _first_line(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.readline(MAX_HEADER_BYTES)
    except FileNotFoundError:
        raise NotFound("There is no snapshot with that id.") from None
    except OSError as error:
        raise StoreError(explain(error, path)) from error


def _read_head(line: bytes, path: Path) -> Head:
    try:
        head = from_json(line, Head)
    except msgspec.MsgspecError:
        raise _damaged(path) from None
    if head.schema != SCHEMA:
        raise CorruptSnapshot(
            f"{path.name} was written by another version ({head.schema}). "
            "Delete it, or read it with that version."
        )
    return head


def _damaged(path: Path) -> CorruptSnapshot:
    return CorruptSnapshot(f"{path.name} is damaged or incomplete. Delete it and capture again.")
