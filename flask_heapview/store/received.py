"""Files that somebody has sent: a snapshot or a report is let in, and nothing else."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..errors import BadRequest, HeapViewError, StoreError
from ..model.base import Model, from_json
from ..model.report import SCHEMA as REPORT_SCHEMA
from ..model.report import Report
from ..model.snapshot import SCHEMA, SnapshotInfo
from .directory import explain
from .private_file import write_private
from .snapshots import DONE, ID, MAX_HEADER_BYTES, Head, Store

MAX_SNAPSHOT_BYTES = 1_000_000_000  # of what is read; the service keeps half of that in all
MAX_REPORT_BYTES = 64_000_000
NEITHER = "It is neither a snapshot nor a report of flask-heapview."


class _Marked(Model, frozen=True):
    schema: str


def receive(path: Path, store: Store) -> SnapshotInfo | Report:
    """Puts a snapshot into the store, or reads a report.

    Raises BadRequest with the reason for a file that is neither, or not whole.
    """
    try:
        # without waiting: nobody need ever write into a pipe
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BadRequest("It is not a regular file.")
            return _receive(file, found.st_size, store)
    except BadRequest as error:
        raise BadRequest(f"{path} cannot be opened. {error.detail}") from None
    except OSError as error:
        raise BadRequest(f"{path} cannot be opened: {error.strerror}.") from None


def _receive(file: BinaryIO, size: int, store: Store) -> SnapshotInfo | Report:
    if size > MAX_SNAPSHOT_BYTES:
        raise BadRequest(f"It is larger than {MAX_SNAPSHOT_BYTES // 1_000_000:,} MB.")
    line = file.readline(MAX_HEADER_BYTES)
    schema = _schema(line)
    if schema is None and size <= MAX_REPORT_BYTES:
        schema = _schema(line + file.read())
    if schema == SCHEMA:
        return _snapshot(line, file, size, store)
    if schema == REPORT_SCHEMA and size <= MAX_REPORT_BYTES:
        file.seek(0)
        return _report(file.read())
    kind = (schema or "").rpartition("/")[0]
    if kind in (SCHEMA.rpartition("/")[0], REPORT_SCHEMA.rpartition("/")[0]):
        raise BadRequest("It was written by another version of flask-heapview. Open it with that.")
    raise BadRequest(NEITHER)


def _schema(data: bytes) -> str | None:
    try:
        return from_json(data, _Marked).schema
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _report(data: bytes) -> Report:
    try:
        return from_json(data, Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadRequest("Its report is damaged.") from None


def _snapshot(line: bytes, file: BinaryIO, size: int, store: Store) -> SnapshotInfo:
    try:
        head = from_json(line, Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadRequest("Its first line is damaged.") from None
    info = head.info
    if not ID.fullmatch(info.id) or info.id.endswith("\n") or info.state != "done":
        raise BadRequest("Its first line is damaged.")
    if size != len(line) + head.length:
        raise BadRequest(
            f"It has {size:,} bytes, and its first line says {len(line) + head.length:,}. "
            "Download it again."
        )
    body = file.read(head.length)
    if hashlib.sha256(body).hexdigest() != head.sha256:
        raise BadRequest("It is damaged: its checksum is another one. Download it again.")
    if store.has(info.id):
        raise BadRequest("A snapshot with its id was opened already.")
    target = store.open() / (info.id + DONE)
    try:
        write_private(target, line + body)
    except OSError as error:
        raise StoreError(explain(error, target)) from error
    del body
    try:
        return store.load(info.id).info
    except (HeapViewError, RecursionError):
        target.unlink()
        raise BadRequest("What it holds is damaged.") from None
