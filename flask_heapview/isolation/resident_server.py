"""The resident reader: one niced process that answers for all workers of a service on a host.

It keeps what it has loaded, so that the next question needs neither an interpreter nor a file. It
ends when nobody asks any more, with the last of the workers that know it, and when it grew.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn

import msgspec
import psutil

from ..errors import HeapViewError
from . import frames
from .forked_child import give_way
from .fresh_interpreter import NICENESS, error_as_json
from .peers import is_allowed
from .unix_address import short_path

MAX_RESIDENT_BYTES = 120_000_000  # resident bytes after an answer; above, it makes room for another
LOOK_SECONDS = 0.5  # between two looks at whether it is needed
LONELY_SECONDS = 10.0  # until the first worker must have come
SEND_SECONDS = 30.0  # that a worker may take to read an answer
# the collector has nothing to find among what is loaded: fewer of its runs
GC_THRESHOLD = 50_000
Asked = tuple[socket.socket, frames.Job]


class Reader:
    """Listens in a thread, and works in the main one."""

    def __init__(self, listening: socket.socket, place: Path, idle_seconds: float) -> None:
        self._listening, self._place, self._idle = listening, place, idle_seconds
        self._inode = os.stat(place).st_ino
        self._own = psutil.Process()
        self._waiting: SimpleQueue[Asked] = SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._workers: set[socket.socket] = set()
        self._came: dict[socket.socket, bytearray] = {}
        self._asked = self._answered = 0  # questions; each counted by one thread alone
        self._last = self._began = time.monotonic()
        self._known = False  # whether a worker ever came
        self._leaving = False

    def work(self) -> NoReturn:
        """Answers until the other thread ends the process."""
        while True:
            link, job = self._waiting.get()
            code, data = answered(job)
            try:
                link.settimeout(SEND_SECONDS)
                link.sendall(frames.packed(code, data))
            except OSError:  # the worker has given up
                pass
            link.close()
            del data
            self._leaving = self._leaving or self._own.memory_info().rss > MAX_RESIDENT_BYTES
            if self._leaving:
                self._unlink()
            self._last = time.monotonic()
            self._answered += 1

    def listen(self) -> NoReturn:
        """Takes questions in, and ends the process when it is not needed any more."""
        try:
            self._selector.register(self._listening, selectors.EVENT_READ)
            while not self._is_over():
                for key, _ in self._selector.select(LOOK_SECONDS):
                    if key.fileobj is self._listening:
                        self._accept()
                    else:
                        self._read(key.fileobj)  # type: ignore[arg-type]
        finally:  # whatever it was: nobody could ask any more
            self._unlink()
            os._exit(0)

    def _is_over(self) -> bool:
        now = time.monotonic()
        if not self._workers:  # even at work: nobody is left to want the answer
            return self._known or now - self._began > LONELY_SECONDS
        if self._asked != self._answered:
            return False
        return self._leaving or now - self._last > self._idle

    def _accept(self) -> None:
        link, _ = self._listening.accept()
        if not is_allowed(link.fileno()):
            link.close()
            return
        link.setblocking(False)
        self._came[link] = bytearray()
        self._selector.register(link, selectors.EVENT_READ)

    def _read(self, link: socket.socket) -> None:
        try:
            piece = link.recv(1 << 20)
            self._came[link] += piece
            frame = frames.unpacked(self._came[link]) if piece else None
            job = self._job(link, frame)
        except (OSError, ValueError, msgspec.MsgspecError):
            piece, job = b"", None
        if job is not None:
            self._drop(link)
            self._asked += 1
            self._waiting.put((link, job))
        elif not piece:
            self._drop(link)
            self._workers.discard(link)
            link.close()

    def _job(self, link: socket.socket, frame: tuple[int, bytes] | None) -> frames.Job | None:
        if frame is None:
            return None
        code, data = frame
        if code == frames.STAY:
            self._known = True
            self._workers.add(link)
            self._came[link].clear()
            return None
        return msgspec.msgpack.decode(data, type=frames.Job)

    def _drop(self, link: socket.socket) -> None:
        self._selector.unregister(link)
        del self._came[link]

    def _unlink(self) -> None:
        """Takes the socket away, unless it is another's by now."""
        try:
            if os.stat(self._place).st_ino == self._inode:
                os.unlink(self._place)
        except OSError:
            pass


def answered(job: frames.Job) -> tuple[int, bytes]:
    """A code and what the module answers."""
    if job.module not in ALLOWED:
        return frames.BROKEN, b""
    try:
        return frames.ANSWER, importlib.import_module(job.module).handle(job.data)
    except HeapViewError as error:
        return frames.REFUSED, error_as_json(error)
    except Exception:  # a fresh interpreter shall say what it is
        return frames.BROKEN, b""


ALLOWED: frozenset[str] = frozenset()  # the modules that may be asked


def serve(directory: str, name: str, idle_seconds: float, modules: Sequence[str]) -> NoReturn:
    """Is the resident reader of that directory, and ends this process."""
    global ALLOWED
    ALLOWED = frozenset(modules)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a ^C at the terminal is the service's
    give_way(NICENESS)
    os.umask(0o077)
    place = Path(directory) / name
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(place) as address:
        listening.bind(address)
    listening.listen(16)
    gc.set_threshold(GC_THRESHOLD)
    reader = Reader(listening, place, idle_seconds)
    threading.Thread(target=reader.listen, daemon=True).start()
    for module in modules:  # while the first question is on its way
        loaded: Any = importlib.import_module(module)
        if hasattr(loaded, "stay"):
            loaded.stay()
    gc.freeze()
    reader.work()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:])
