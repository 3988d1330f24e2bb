"""A worker's own socket: a thread waits for calls, and costs nothing until one comes."""

from __future__ import annotations

import _socket
import os
import weakref
from pathlib import Path

from ..isolation import own_resources
from ..isolation.peers import is_allowed
from ..isolation.unix_address import short_path
from ..isolation.unpatched import original
from ..request_context import OWN, SERVING
from . import connection
from .connection import Serve

MAX_AT_ONCE = 4  # calls that are answered at the same time; more wait
PAUSE_SECONDS = 0.5  # after a failed accept: the service may be out of descriptors
BACKLOG = 64


class Listener:
    """The socket and its thread. `serve` is not kept alive by it."""

    def __init__(self, path: Path, serve: Serve) -> None:
        """Raises OSError where there can be no such socket."""
        self.path = path
        self._serve = weakref.WeakMethod(serve)
        self._pid = os.getpid()
        self._running: list[int] = []
        path.unlink(missing_ok=True)
        made = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            with short_path(path) as address:
                made.bind(address)
            os.chmod(path, 0o600)
            made.listen(BACKLOG)
            made.settimeout(None)
        except BaseException:
            made.close()
            raise
        self._socket = made
        own_resources.announce(self)
        weakref.finalize(self, _hang_up, made).atexit = False
        original("_thread", "start_new_thread")(_listen, (made, weakref.ref(self)))

    def held_open(self) -> tuple[_socket.socket]:
        """The socket."""
        return (self._socket,)

    @property
    def descriptor(self) -> int:
        """The one of the socket; -1 when it is closed."""
        return self._socket.fileno()

    def close(self) -> None:
        """Ends the thread, and takes the socket's file away. A child of a fork only closes it."""
        if self._pid != os.getpid():
            self._socket.close()
            return
        self.path.unlink(missing_ok=True)
        _hang_up(self._socket)

    def accepted(self, fd: int) -> None:
        """Answers one connection: beside the others, or here where too many are being answered."""
        if not is_allowed(fd):
            os.close(fd)
        elif len(self._running) >= MAX_AT_ONCE:
            self._answer(fd)
        else:
            self._running.append(fd)
            original("_thread", "start_new_thread")(self._answer_beside, (fd,))

    def _answer_beside(self, fd: int) -> None:
        SERVING.set(OWN)
        try:
            self._answer(fd)
        finally:
            self._running.remove(fd)

    def _answer(self, fd: int) -> None:
        serve = self._serve()
        if serve is None:
            os.close(fd)
            return
        connection.serve(fd, serve)


def _hang_up(listening: _socket.socket) -> None:
    """Wakes the thread, which then finds nobody."""
    try:
        listening.shutdown(_socket.SHUT_RDWR)
    except OSError:
        pass
    listening.close()


def _listen(listening: _socket.socket, owner: weakref.ref[Listener]) -> None:
    """Until the socket is closed, or nobody needs it any more."""
    SERVING.set(OWN)  # what it allocates is in no figure
    while True:
        try:
            fd, _ = listening._accept()  # type: ignore[attr-defined]
        except OSError:
            if listening.fileno() < 0 or owner() is None:
                return
            original("time", "sleep")(PAUSE_SECONDS)
            continue
        found = owner()
        if found is None:
            os.close(fd)
            return
        found.accepted(fd)
        del found
