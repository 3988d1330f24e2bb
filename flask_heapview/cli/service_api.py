"""The API of a service that is reached by a link, and what its answers mean."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ..errors import HeapViewError
from ..model import api
from ..model.base import from_json
from ..model.snapshot import SnapshotInfo
from ..model.worker_info import WorkerInfo
from ..workers.base import Answer
from .service_link import Fields, ServiceLink

BUSY = 503  # others ask about snapshots, too
BUSY_POLL_SECONDS = 1.0
MAX_BUSY_SECONDS = 60.0
T = TypeVar("T")


class ServiceApi:
    """The calls that the commands make. All of them raise HeapViewError with what it said."""

    def __init__(self, link: ServiceLink) -> None:
        self.link = link

    def ask(
        self, method: str, path: str, body: Fields | None = None, query: Fields | None = None
    ) -> bytes:
        """The answer's body; asks again while the service is busy."""
        place = _with_query(path, query)
        return _answered(lambda: self.link.call(method, place, body)).body

    def get(self, kind: type[T], path: str, **query: str | None) -> T:
        """The answer to a GET, in its type."""
        return decoded(self.ask("GET", path, query=query), kind)

    def post(self, kind: type[T], path: str, **fields: Any) -> T:
        """The answer to a POST, in its type."""
        given = {name: value for name, value in fields.items() if value is not None}
        return decoded(self.ask("POST", path, given), kind)

    def workers(self) -> list[WorkerInfo]:
        """The live workers, by number."""
        return self.get(api.Workers, "/workers").workers

    def snapshot(self, snapshot_id: str) -> SnapshotInfo:
        """The state of one snapshot."""
        return self.get(SnapshotInfo, snapshot_path(snapshot_id))

    def save(self, path: str, file: BinaryIO, query: Fields | None = None) -> None:
        """Writes a download into a file; asks again as above. Raises OSError, too."""
        place = _with_query(path, query)
        _answered(lambda: self.link.save(place, file))


def _with_query(path: str, query: Fields | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _answered(ask: Callable[[], Answer]) -> Answer:
    """A good answer; asks again while the service is busy. Raises HeapViewError."""
    until = time.monotonic() + MAX_BUSY_SECONDS
    while True:
        answer = ask()
        if answer.status != BUSY or time.monotonic() >= until:
            _require_good(answer)
            return answer
        time.sleep(BUSY_POLL_SECONDS)


def snapshot_path(snapshot_id: str, rest: str = "") -> str:
    """The path of a snapshot, or of something of it."""
    return f"/snapshots/{quote(snapshot_id, safe='')}{rest}"


def decoded(data: bytes, kind: type[T]) -> T:
    """Raises HeapViewError where the service speaks another version of the API."""
    return _read(lambda: from_json(data, kind))


def converted(value: object, kind: type[T]) -> T:
    """The same, of what is a part of an answer."""
    return _read(lambda: msgspec.convert(value, kind))


def _read(make: Callable[[], T]) -> T:
    try:
        return make()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HeapViewError(
            f"The answer cannot be read ({error}). Is it flask-heapview, and of this version?"
        ) from None


def _require_good(answer: Answer) -> None:
    """Raises HeapViewError with the sentence of the service."""
    if answer.status < 400:
        return
    try:
        detail = str(msgspec.json.decode(answer.body)["detail"])
    except (msgspec.MsgspecError, KeyError, TypeError, RecursionError):
        detail = f"The service answers with the status {answer.status}. Is the address right?"
    error = HeapViewError(detail)
    error.status = answer.status
    raise error
