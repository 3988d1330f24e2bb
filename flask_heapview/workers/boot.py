"""When a process becomes a worker: at its start, after a fork, and at the latest with a request.

One thread looks at all apps that wait for it, more and more seldom, and ends.
"""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from types import FrameType
from typing import Any, Protocol

from ..isolation.own_forks import is_own_fork
from ..isolation.unpatched import original
from ..request_context import OWN, SERVING
from .server_role import has_listener, is_supervisor

FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 0.05, 1.0
MAX_BOOT_SECONDS = 120.0  # a server that boots more slowly is known by its first request
CONFIRMING_SECONDS = 0.1  # a reloader opens its socket a moment before it is known as one


class Candidate(Protocol):
    """One mounted app in this process."""

    listed: bool

    def appear(self) -> None: ...
    def forked(self) -> bool: ...
    def descriptors(self) -> list[int]: ...
    def disappear(self) -> None: ...
    def idle(self) -> bool: ...


class _Waiting:
    """Those that wait to be listed; `pid` is the process whose thread looks at them."""

    apps: weakref.WeakSet[Any] = weakref.WeakSet()
    everyone: weakref.WeakSet[Any] = weakref.WeakSet()
    pid = 0
    ending = 0  # the process that is about to end: nothing appears there any more
    hooked = False


def begin(app: Candidate) -> None:
    """From now on, the app is listed as soon as its process serves."""
    if not hasattr(os, "fork"):
        return
    if not _Waiting.hooked:
        _Waiting.hooked = True
        os.register_at_fork(after_in_child=_in_child, after_in_parent=_in_parent)
        atexit.register(_leave)
        _ask_uwsgi()
    _Waiting.everyone.add(app)
    _wait(app)


def look(app: Candidate) -> None:
    """A request is served: if the app is not listed yet, it may be now."""
    if not app.listed and serves(app):
        app.appear()


def serves(app: Candidate) -> bool:
    """Whether this process is one that serves."""
    ends = _Waiting.ending == os.getpid()
    return not ends and not is_supervisor() and has_listener(app.descriptors())


def _wait(app: Candidate) -> None:
    _Waiting.apps.add(app)
    if _Waiting.pid != os.getpid() and not _starts_workers():
        _Waiting.pid = os.getpid()
        original("_thread", "start_new_thread")(_look_out, ())


def _starts_workers() -> bool:
    """A supervisor that loads the app before it forks gets no thread: it waits for the forks."""
    if "uwsgi" in sys.modules:
        return is_supervisor()
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name.startswith("gunicorn.workers."):
            return False
        if name == "gunicorn.arbiter":
            # in a fresh child of it, the same frames lie below
            return frame.f_code.co_name in ("__init__", "setup")
        frame = frame.f_back
    return False


def _look_out() -> None:
    SERVING.set(OWN)  # what it allocates is in no figure
    sleep, waited, pause = original("time", "sleep"), 0.0, FIRST_LOOK_SECONDS
    me = os.getpid()
    while waited < MAX_BOOT_SECONDS and _Waiting.apps and os.getpid() == me:
        sleep(pause)
        waited, pause = waited + pause, min(pause * 1.5, LAST_LOOK_SECONDS)
        for app in list(_Waiting.apps):
            if app.listed:
                _Waiting.apps.discard(app)
            elif serves(app):
                sleep(CONFIRMING_SECONDS)
                if serves(app):
                    app.appear()
                    _Waiting.apps.discard(app)
            del app
    if _Waiting.pid == me:
        _Waiting.pid = 0


def _in_child() -> None:
    """The child of a worker is its own business, until it serves; others' may be workers."""
    if is_own_fork():
        return
    _Waiting.pid = 0
    _Waiting.apps.clear()
    for app in list(_Waiting.everyone):
        if not app.forked():
            _wait(app)


def _in_parent() -> None:
    """Whoever forks before it has served is a supervisor that we do not know."""
    if is_own_fork() or "gunicorn.arbiter" in sys.modules or "uwsgi" in sys.modules:
        return
    for app in list(_Waiting.everyone):
        if app.idle():
            _Waiting.apps.discard(app)  # its first request will tell if it serves after all
            app.disappear()


def _leave() -> None:
    _Waiting.ending = os.getpid()
    for app in list(_Waiting.everyone):
        app.disappear()


def _ask_uwsgi() -> None:
    """uWSGI forks without telling the interpreter, unless it was told to."""
    uwsgi: Any = sys.modules.get("uwsgi")
    if uwsgi is None:
        return
    before = getattr(uwsgi, "post_fork_hook", None)

    def forked() -> None:
        if before is not None:
            before()
        _in_child()

    uwsgi.post_fork_hook = forked
