"""The workers of one app on this host, each reached over its socket in the shared directory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import msgspec

from ..errors import HeapViewError, NotFound, StoreError, Unreachable
from ..isolation.unpatched import original
from ..model.base import from_json
from ..model.worker_info import WorkerInfo
from ..store.directory import private_directory
from . import boot
from .base import Answer, Call, Outgoing
from .client import Exchange
from .entries import Entries, Entry, own_namespace, resident
from .listener import Listener
from .server_role import threads_run

LOOK_SECONDS = 1.0  # that a worker may take to tell its figures
OWN = Call("GET", "/api/v1/worker")  # asks a worker for its entry with the figures of now
NO_THREADS = (
    "Here no thread runs between requests, so other workers cannot reach this one. "
    "uWSGI runs them with the option enable-threads."
)
NO_SOCKET = "This worker has no socket yet: its process does not seem to serve."


class LocalWorkers:
    """This process's part, and the way to the others. See base.Workers."""

    def __init__(
        self,
        directory: Path,
        own: Callable[[], WorkerInfo],
        serve: Callable[[dict[str, Any]], Outgoing],
        idle: Callable[[], bool],
    ) -> None:
        self.entries = Entries(directory)
        self._own, self._serve, self.idle = own, serve, idle
        self._reset()

    def _reset(self) -> None:
        self.listed = False
        self.number = 0
        self.why = NO_SOCKET  # why this worker cannot be reached by others
        self._listener: Listener | None = None
        self._pid = os.getpid()
        # not threading's: a hook may run before gevent's patches, and a greenlet after them
        self._appearing = original("_thread", "allocate_lock")()

    # --- this worker

    def appear(self) -> None:
        """Lists this worker, with its socket where there can be one. Logs nothing, raises nothing:
        the service must not fail because of us."""
        with self._appearing:
            if self.listed and self._pid == os.getpid():
                return
            own = self._own()
            try:
                self.why = self._listen(own.id)
                self.number = self.entries.add(lambda number: self._entry(own, number)).number
                self.listed = True
            except StoreError as error:
                self.why = error.detail
                self._close()

    def _listen(self, worker: str) -> str:
        """Opens the socket; the answer is why there is none. Raises StoreError."""
        if not threads_run():
            return NO_THREADS
        private_directory(self.entries.directory)
        try:
            self._listener = Listener(self.entries.socket(worker), self._answer)
        except (OSError, RuntimeError) as error:
            return f"There can be no socket in {self.entries.directory}: {error}."
        return ""

    def _answer(self, environ: dict[str, Any]) -> Outgoing:
        return self._serve(environ)

    def _entry(self, own: WorkerInfo, number: int) -> Entry:
        values = {**msgspec.structs.asdict(own), "number": number, "self": False, "why": self.why}
        return Entry(**values, namespace=own_namespace(), socket=self._listener is not None)

    def descriptors(self) -> list[int]:
        """Those of our own sockets."""
        return [] if self._listener is None else [self._listener.descriptor]

    def served(self) -> None:
        """A request came: at the latest now the worker is known as one."""
        boot.look(self)

    def forked(self) -> bool:
        """In a child: nothing of its parent's is left. Says whether the parent was listed."""
        listed = self.listed
        self._close()
        self._reset()
        return listed

    def disappear(self) -> None:
        """Takes this worker's files away."""
        if self.listed and self._pid == os.getpid():
            self.listed = False
            self.entries.remove(self._own().id)
        self._close()

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    # --- all of them

    def live(self) -> list[WorkerInfo]:
        """Every live worker, by number, with its figures of now."""
        own = self.me()
        others = [entry for entry in self.entries.live() if entry.id != own.id]
        answers = self.call_each(others, OWN, LOOK_SECONDS)
        rows = [
            _shown(entry, answer)
            for entry, answer in zip(others, answers, strict=True)
            if _answered(answer) or self.entries.lives(entry)  # it may have ended meanwhile
        ]
        return sorted([own, *rows], key=lambda worker: (worker.number, worker.id))

    def me(self) -> WorkerInfo:
        """This worker."""
        return msgspec.structs.replace(
            self._own(), number=self.number, answers=True, why=self.why, self=True
        )

    def find(self, wanted: str) -> WorkerInfo:
        """A worker by its id or number. Raises NotFound."""
        own = self.me()
        if wanted in (own.id, str(own.number or "")):
            return own
        for entry in self.entries.live():
            if wanted in (entry.id, str(entry.number)):
                return entry
        raise NotFound(
            f"There is no live worker {wanted[:80]!r}. GET workers lists them.",
            worker=own.id,
        )

    def call(self, worker: WorkerInfo, call: Call, seconds: float) -> Answer:
        """One call. Raises Unreachable where no answer came in that time."""
        return self._begin(worker, call, seconds).receive()

    def call_each(
        self, workers: Sequence[WorkerInfo], call: Call, seconds: float
    ) -> list[Answer | HeapViewError]:
        """The same call of several at once: the answer of each, or why there is none."""
        until = time.monotonic() + seconds
        begun: list[Exchange | HeapViewError] = []
        for worker in workers:
            try:
                begun.append(self._begin(worker, call, max(until - time.monotonic(), 0.01)))
            except Unreachable as error:
                begun.append(error)
        return [_received(one) if isinstance(one, Exchange) else one for one in begun]

    def _begin(self, worker: WorkerInfo, call: Call, seconds: float) -> Exchange:
        path = self.entries.socket(worker.id)
        if not path.exists():
            raise Unreachable(worker.why or "The worker has no socket.", worker=worker.id)
        return Exchange(path, call, seconds)


def _received(begun: Exchange) -> Answer | HeapViewError:
    try:
        return begun.receive()
    except Unreachable as error:
        return error


def _answered(answer: Answer | HeapViewError) -> TypeGuard[Answer]:
    return isinstance(answer, Answer) and answer.status == 200


def _shown(entry: Entry, answer: Answer | HeapViewError) -> WorkerInfo:
    """A worker with its own figures, or with what is known of it from outside."""
    if _answered(answer):
        try:
            told = from_json(answer.body, WorkerInfo)
            return msgspec.structs.replace(told, self=False, number=entry.number)
        except msgspec.MsgspecError:
            pass
    why = answer.detail if isinstance(answer, HeapViewError) else "It answers with an error."
    values = {name: getattr(entry, name) for name in WorkerInfo.__struct_fields__}
    known = {"rss": resident(entry) or entry.rss, "self": False, "answers": False}
    return WorkerInfo(**{**values, **known, "why": entry.why or why})
