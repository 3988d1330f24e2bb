"""What this process is to its server: one that serves, a supervisor, or neither (yet).

A process serves when it holds a listening socket. Of the supervisors that hold one, too, the known
ones are told by what runs in their main thread.
"""

from __future__ import annotations

import _socket
import os
import signal
import stat
import sys
import threading
from collections.abc import Iterable
from types import FrameType
from typing import Any

from ..isolation.thread_frames import thread_frames

SOL_SOCKET, SO_ACCEPTCONN = _socket.SOL_SOCKET, getattr(_socket, "SO_ACCEPTCONN", None)
MAX_DESCRIPTORS = 256  # that are looked through where the system does not list them


def is_supervisor() -> bool:
    """Whether it is a process that a known server has only to start its workers."""
    if "uwsgi" in sys.modules:
        worker_id = getattr(sys.modules["uwsgi"], "worker_id", None)
        return worker_id is not None and not worker_id()
    if "gunicorn.arbiter" in sys.modules:
        return not _is_gunicorn_worker()
    # Werkzeug's reloader opens the socket, and starts itself anew to serve
    return os.environ.get("WERKZEUG_RUN_MAIN") != "true" and any(
        frame.f_code.co_name == "run_with_reloader"
        and frame.f_globals.get("__name__") == "werkzeug._reloader"
        for frame in _main_frames()
    )


def gunicorn_worker() -> Any:
    """gunicorn's own object of this worker; None where there is none, or it handles no SIGTERM."""
    base = sys.modules.get("gunicorn.workers.base")
    handler = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return handler if base is not None and issubclass(type(handler), base.Worker) else None


def _is_gunicorn_worker() -> bool:
    """It has set its signals, so it runs as the user that it was told to become."""
    if gunicorn_worker() is not None:
        return True
    # a worker that has its own way with signals; before these are set, it may still be root
    return any(
        frame.f_code.co_name == "run"
        and str(frame.f_globals.get("__name__")).startswith("gunicorn.workers.")
        for frame in _main_frames()
    )


def _main_frames() -> list[FrameType]:
    found = []
    with thread_frames() as frames:
        frame = frames.get(threading.main_thread().ident or 0)
        while frame is not None:
            found.append(frame)
            frame = frame.f_back
    return found


def has_listener(besides: Iterable[int]) -> bool:
    """Whether it has a listening socket, those descriptors left out."""
    left_out = set(besides)
    return any(_is_listening(fd) for fd in _descriptors() if fd not in left_out)


def _descriptors() -> Iterable[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return range(MAX_DESCRIPTORS)


def _is_listening(fd: int) -> bool:
    if SO_ACCEPTCONN is None:
        return False
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return False
        found = _socket.socket(fileno=os.dup(fd))
    except OSError:  # it was closed just now
        return False
    try:
        return bool(found.getsockopt(SOL_SOCKET, SO_ACCEPTCONN))
    except OSError:
        return False
    finally:
        found.close()


def threads_run() -> bool:
    """Whether threads run while no request is served. uWSGI holds the interpreter's lock, unless
    it was told otherwise."""
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is None:
        return True
    given = getattr(uwsgi, "opt", {})
    options = {name if isinstance(name, str) else name.decode() for name in given}
    return bool(options & {"enable-threads", "threads", "T"})
