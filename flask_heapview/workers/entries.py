"""The files of the live workers in the directory that they share.

`worker-ID.json` is a worker's entry, `worker-ID.sock` its socket, `worker-ID.suspects` what was
last found in it. Whoever finds the files of a dead worker takes them away.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil

from ..errors import StoreError
from ..isolation.locked_file import open_locked, unlock
from ..model.base import from_json, to_json
from ..model.worker_info import WorkerInfo
from ..process.identity import worker_id
from ..store.directory import SUSPECTS, explain, private_directory
from ..store.private_file import write_private
from .client import answers

_ENDINGS = ("json", "sock", SUSPECTS)
_NAME = re.compile(rf"worker-([0-9a-z-]+)\.({'|'.join(_ENDINGS)})")
LOCK = "workers.lock"


class Entry(WorkerInfo, frozen=True):
    """A worker's entry."""

    namespace: str = ""  # of process ids: outside of it, its pid says nothing
    socket: bool = False


def own_namespace() -> str:
    """Names the set of process ids that this process sees."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def resident(worker: WorkerInfo) -> int | None:
    """Resident bytes of a worker; None when it has ended, whoever has its pid now."""
    try:
        if worker_id(worker.pid) != worker.id:
            return None
        process = psutil.Process(worker.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return int(process.memory_info().rss)
    except psutil.Error:
        return None


class Entries:
    """Reads and writes the workers' files. Who only looks leaves those of dead workers alone."""

    def __init__(self, directory: Path, *, tidies: bool = True) -> None:
        self.directory = directory
        self.tidies = tidies

    def socket(self, worker: str) -> Path:
        """Where a worker's socket is."""
        return self.directory / f"worker-{worker}.sock"

    def add(self, make: Callable[[int], Entry]) -> Entry:
        """Writes an entry with the lowest number that no live worker has. Raises StoreError."""
        private_directory(self.directory)
        try:
            fd = open_locked(self.directory / LOCK, wait=True)
            assert fd is not None
            try:
                taken = {entry.number for entry in self.live()}
                number = next(n for n in range(1, len(taken) + 2) if n not in taken)
                made = make(number)
                write_private(self.directory / f"worker-{made.id}.json", to_json(made))
            finally:
                unlock(fd)
        except OSError as error:
            raise StoreError(explain(error, self.directory)) from error
        return made

    def live(self) -> list[Entry]:
        """The entries of the live workers, by number."""
        found = []
        for worker in self._named():
            entry = self._read(worker)
            if entry is not None and self.lives(entry):
                found.append(entry)
            elif self.tidies and (entry is not None or not self._is_coming(worker)):
                self.remove(worker)
        return sorted(found, key=lambda entry: entry.number)

    def remove(self, worker: str) -> None:
        """Takes a worker's files away."""
        for ending in _ENDINGS:
            try:
                (self.directory / f"worker-{worker}.{ending}").unlink(missing_ok=True)
            except OSError:  # a read-only disk: the entry is stale for everybody
                pass

    def _named(self) -> list[str]:
        try:
            names = os.listdir(self.directory)
        except OSError:
            return []
        return sorted({match[1] for match in map(_NAME.fullmatch, names) if match})

    def _read(self, worker: str) -> Entry | None:
        try:
            found = from_json((self.directory / f"worker-{worker}.json").read_bytes(), Entry)
        except (OSError, msgspec.MsgspecError):
            return None
        return found if found.id == worker else None

    def lives(self, entry: Entry) -> bool:
        """Whether the worker of an entry has not ended."""
        if entry.namespace == own_namespace():
            return resident(entry) is not None
        return entry.socket and answers(self.socket(entry.id))

    def _is_coming(self, worker: str) -> bool:
        """Whether a socket without an entry belongs to a worker that is just writing it."""
        pid = worker.partition("-")[0]
        try:
            return pid.isdigit() and worker_id(int(pid)) == worker
        except psutil.Error:
            return answers(self.socket(worker))
