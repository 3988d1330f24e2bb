"""A way to reach the service: over a worker's own socket on this machine, or by its address."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ..errors import Unreachable
from ..model.base import to_json
from ..workers.base import Answer, Call
from ..workers.client import Exchange
from ..workers.entries import Entries, Entry

Fields = Mapping[str, Any]
LOOK_SECONDS = 5.0  # that a worker may take to say that it is there
MAX_CALL_SECONDS = 150.0  # the service itself gives up a question earlier
MAX_DOWNLOAD_SECONDS = 600.0


class ServiceLink(Protocol):
    """One service, reached in one way. Paths are those of docs/api.md, as in `/snapshots`."""

    name: str  # the service, for a person

    def call(self, method: str, path: str, body: Fields | None = None) -> Answer:
        """One call, whatever its status. Raises HeapViewError where no answer came."""

    def save(self, path: str, file: BinaryIO) -> Answer:
        """A GET whose good answer goes into the file. Raises HeapViewError, and OSError for the
        file.
        """


class SocketLink:
    """The workers' sockets in their directory: no HTTP server, no token, no thread of the service.

    Any worker that answers will do: it passes on what is meant for another one.
    """

    def __init__(self, directory: Path) -> None:
        self.name = str(directory)
        self._directory = directory
        self._entries = Entries(directory, tidies=False)
        self._speaker: Path | None = None

    def lives(self) -> bool:
        """Whether there is a live worker, be it one that does not answer."""
        return bool(self._entries.live())

    def call(self, method: str, path: str, body: Fields | None = None) -> Answer:
        data = b"" if body is None else to_json(body)
        made = Call(method, f"/api/v1{path}", data)
        try:
            return Exchange(self._found(), made, MAX_CALL_SECONDS).receive()
        except Unreachable:
            self._speaker = None
            if method != "GET":
                raise
        return Exchange(self._found(), made, MAX_CALL_SECONDS).receive()

    def save(self, path: str, file: BinaryIO) -> Answer:
        call = Call("GET", f"/api/v1{path}")
        return Exchange(self._found(), call, MAX_DOWNLOAD_SECONDS).save(file)

    def _found(self) -> Path:
        """The socket of a worker that answers. Raises Unreachable."""
        if self._speaker is None:
            self._speaker = self._look()
        return self._speaker

    def _look(self) -> Path:
        """Asks all of them at once: the first that answers is taken, whoever is stopped."""
        reasons: dict[int, str] = {}
        asked: dict[Exchange, tuple[Entry, Path]] = {}
        for entry in self._entries.live():
            path = self._entries.socket(entry.id)
            try:
                asked[self._begin(entry, path)] = entry, path
            except Unreachable as error:
                reasons[entry.number] = error.detail
        try:
            found = self._first(asked, reasons)
        finally:
            for exchange in asked:
                exchange.close()
        if found is not None:
            return found
        if not reasons:
            raise Unreachable(f"No worker of a service is alive in {self._directory}.")
        each = "; ".join(f"worker {number}: {why}" for number, why in sorted(reasons.items()))
        raise Unreachable(f"No worker in {self._directory} answers ({each})")

    @staticmethod
    def _first(asked: dict[Exchange, tuple[Entry, Path]], reasons: dict[int, str]) -> Path | None:
        """The first that answers well; takes those that have answered out of `asked`."""
        until = time.monotonic() + LOOK_SECONDS
        while asked:
            left = max(0.0, until - time.monotonic())
            for exchange in select.select(list(asked), [], [], left)[0] or list(asked):
                entry, path = asked.pop(exchange)
                try:
                    if exchange.receive().status == 200:
                        return path
                    reasons[entry.number] = "It answers with an error."
                except Unreachable as error:
                    reasons[entry.number] = error.detail
        return None

    def _begin(self, entry: Entry, path: Path) -> Exchange:
        """Raises Unreachable."""
        if not self._is_theirs(path):
            raise Unreachable(entry.why or "It has no socket.")
        return Exchange(path, Call("GET", "/api/v1/worker"), LOOK_SECONDS)

    def _is_theirs(self, path: Path) -> bool:
        """Whether the socket is one, and no link, of whoever owns the directory."""
        try:
            found, owner = os.lstat(path), os.lstat(self._directory).st_uid
        except OSError:
            return False
        return stat.S_ISSOCK(found.st_mode) and found.st_uid == owner
