"""Asking the resident reader, and starting it where there is none.

Where it cannot run, does not answer or breaks, a fresh interpreter does the work.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Self

import msgspec
import psutil

from ..errors import HeapViewError
from . import frames, own_resources
from .fresh_interpreter import (
    JobProcess,
    is_borrowed,
    raise_error,
    run_job,
    start_interpreter,
)
from .interpreter import OWN_PLACE, find_interpreter
from .locked_file import turn_of
from .peers import peer_of
from .unix_address import short_path
from .unpatched import is_ready

IDLE_SECONDS = 60.0  # without a question, after which it ends; see `stay_for`
START_SECONDS = 20.0  # until it must listen
POLL_SECONDS = 0.01
CONNECT_SECONDS = 1.0
MODULES = (
    "flask_heapview.reports.query_job",
    "flask_heapview.capture.native.build_job",
)


def run(directory: Path, module: str, data: bytes, seconds: float) -> bytes:
    """What a module answers, in another process. Raises HeapViewError, after `seconds` too."""
    link = connect(directory)
    if link is None:
        return run_job(module, data, seconds)
    with link:
        try:
            link.settimeout(seconds)
            job = msgspec.msgpack.encode(frames.Job(module, data))
            link.sendall(frames.packed(frames.JOB, job))
            code, answer = frames.receive(link)
        except TimeoutError:
            _end(link)
            raise HeapViewError(f"The work took longer than {seconds:g} s.") from None
        except (OSError, EOFError):  # it has ended: of old age just now, or of this question
            return run_job(module, data, seconds)
    if code == frames.ANSWER:
        return answer
    if code == frames.REFUSED:
        raise_error(answer)
    return run_job(module, data, seconds)


class _Settings:
    """Of this process."""

    idle_seconds = IDLE_SECONDS


def stay_for(seconds: float) -> None:
    """Readers that are started from now on end after so many seconds without a question; with 0
    there are none."""
    _Settings.idle_seconds = seconds


def idle_seconds() -> float:
    """What `stay_for` has set."""
    return _Settings.idle_seconds


class Assembly:
    """A question that is not ready yet: whoever will answer it begins to load meanwhile.

    Use it as a context: whoever leaves without an answer ends what was begun for it alone.
    """

    def __init__(self, directory: Path, module: str) -> None:
        self._directory, self._module = directory, module
        self._alone = None if _may_run() else JobProcess(module)
        if self._alone is None:
            threading.Thread(target=_wake, args=(directory,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._alone is not None:
            self._alone.__exit__()

    def run(self, data: bytes, seconds: float) -> bytes:
        """What the module answers. Raises HeapViewError, after `seconds` too."""
        if self._alone is not None:
            return self._alone.run(data, seconds)
        return run(self._directory, self._module, data, seconds)


def _wake(directory: Path) -> None:
    link = connect(directory)
    if link is not None:
        link.close()


def connect(directory: Path) -> socket.socket | None:
    """A connection to the directory's reader, which is started where there is none; None where
    there cannot be one."""
    if not _may_run():
        return None
    place = directory / socket_name()
    try:
        found = _connected(place) or _started(place)
        if found is not None:
            _LIVES.show(place)
        return found
    except OSError:
        return None


def reader_of(directory: Path) -> int | None:
    """The process id of the directory's reader; None where there is none now."""
    if not _may_run():
        return None
    try:
        link = _connected(directory / socket_name())
        if link is None:
            return None
        with link:
            peer = peer_of(link.fileno())
    except OSError:
        return None
    return None if peer is None else peer[0]


def resident_bytes(pid: int) -> int | None:
    """The resident memory of a process; None where it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None


def socket_name() -> str:
    """One for each installation and Python: another version asks in other words."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"reader-{python}-{zlib.crc32(os.fsencode(OWN_PLACE)):08x}.sock"


def _may_run() -> bool:
    return (
        _Settings.idle_seconds > 0
        and hasattr(socket, "AF_UNIX")
        and not is_borrowed()
        and find_interpreter() is not None
    )


def _connected(place: Path) -> socket.socket | None:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(CONNECT_SECONDS)  # one that has been stopped takes nobody in
    try:
        with short_path(place) as address:
            link.connect(address)
    except (FileNotFoundError, ConnectionRefusedError):
        link.close()
        return None
    except BaseException:
        link.close()
        raise
    return link


def _started(place: Path) -> socket.socket | None:
    """Whoever comes second finds the one that the first has started."""
    with turn_of(place.with_suffix(".lock"), START_SECONDS, lambda: None):
        found = _connected(place)
        if found is not None:
            return found
        place.unlink(missing_ok=True)
        words = [str(place.parent), place.name, str(_Settings.idle_seconds), *MODULES]
        process = start_interpreter(
            ["-m", "flask_heapview.isolation.resident_server", *words], subprocess.DEVNULL
        )
        child = _Child(process)
        threading.Thread(target=child.wait, name="heapview-reader", daemon=True).start()
        until = time.monotonic() + START_SECONDS
        while process.returncode is None and time.monotonic() < until:
            found = _connected(place)
            if found is not None:
                return found
            time.sleep(POLL_SECONDS)
        process.kill()
        return None


class _Child:
    """A reader that this process has started, until it ends."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        own_resources.announce(self)

    def held_open(self) -> list[object]:
        """The process."""
        return own_resources.of_process(self._process)

    def wait(self) -> None:
        """Until it has ended."""
        self._process.wait()


def _end(link: socket.socket) -> None:
    """Ends a reader that answers too late: the next question finds a new one."""
    peer = peer_of(link.fileno())
    if peer is not None:
        try:
            os.kill(peer[0], signal.SIGKILL)
        except OSError:
            pass


class _Lives:
    """Open connections by which readers see that this process lives."""

    def __init__(self) -> None:
        self._links: dict[Path, socket.socket] = {}
        self._guard = threading.Lock()
        self._heeds_forks = False  # for good, so only where there is something to close
        own_resources.announce(self)

    def held_open(self) -> list[socket.socket]:
        """The connections."""
        return list(self._links.values())

    def show(self, place: Path) -> None:
        """Has the reader stay while this process does. Raises OSError."""
        with self._guard:
            known = self._links.get(place)
            if known is not None and not _has_ended(known):
                return
            if known is not None:
                known.close()
                del self._links[place]
            link = _connected(place)
            if link is not None:
                link.sendall(frames.packed(frames.STAY))
                self._links[place] = link
                self._heed_forks()

    def _heed_forks(self) -> None:
        if not self._heeds_forks and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget)
            self._heeds_forks = True

    def forget(self) -> None:
        """In a child of a fork, which is not the worker."""
        self._guard = threading.Lock()
        for link in self._links.values():
            link.close()
        self._links.clear()


def _has_ended(link: socket.socket) -> bool:
    """Whether there is something to read: nothing is ever sent there."""
    return is_ready(link.fileno(), select.POLLIN)


_LIVES = _Lives()
