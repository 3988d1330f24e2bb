"""gevent's event loop, seen from a thread of our own.

A thread that gevent does not know must not start greenlets or processes: they would wait for a loop
of its own, which nobody runs. What needs them is handed to the loop of the main thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from ..errors import HelpersBusy
from .thread_frames import thread_frames
from .unpatched import is_green, original

MAX_WAIT_SECONDS = 60.0  # for the answer
MAX_START_SECONDS = 5.0  # until the loop takes the work
Result = TypeVar("Result")


class _Known:
    """The loop of the main thread."""

    hub: Any = None


def remember() -> None:
    """Called in the service's own thread: notes its loop, if there is one."""
    if is_green():
        found = sys.modules["gevent"].get_hub()
        if found.loop.default:  # the one of the main thread
            _Known.hub = found


def _hub() -> Any:
    """The loop; where nobody noted it, it is what the main thread runs while it is idle."""
    if _Known.hub is None:
        kind = sys.modules["gevent"].hub.Hub
        with thread_frames() as frames:
            for frame in frames.values():
                found: Any = frame.f_locals.get("self")
                if type(found) is kind and found.loop.default:
                    _Known.hub = found
    return _Known.hub


def in_loop(work: Callable[[], Result]) -> Result:
    """Does the work here, or in a greenlet of the main thread where threads are greenlets.

    Raises what it raises, and HelpersBusy where the loop does not come to it.
    """
    if not is_green():
        return work()
    hub = _hub()
    if hub is None:
        raise _stuck()
    answers = original("queue", "SimpleQueue")()

    def run() -> None:
        try:
            answers.put((True, work()))
        except BaseException as error:
            answers.put((False, error))

    def begin() -> None:
        answers.put(None)
        sys.modules["gevent"].spawn(run)

    hub.loop.run_callback_threadsafe(begin)
    empty = original("queue", "Empty")
    try:
        answers.get(timeout=MAX_START_SECONDS)
        done, found = answers.get(timeout=MAX_WAIT_SECONDS)
    except empty:
        raise _stuck() from None
    if not done:
        raise found
    return found  # type: ignore[no-any-return]


def _stuck() -> HelpersBusy:
    return HelpersBusy("The worker's event loop is busy. Ask again in a moment.", retry_after=1)
