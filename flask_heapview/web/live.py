"""Progress as it comes, as server-sent events. The pages poll where there are none.

A stream holds a request slot of the server for as long as it lasts. So it is only begun where slots
are known to be many, and it ends soon: after a while, when the others are all taken, and when the
server wants to end. The browser then comes again by itself. 204 tells it not to.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from flask import Response, request

from ..errors import HeapViewError
from ..model.api import WatchState
from ..model.snapshot import SnapshotInfo
from ..request_context import OWN, SERVING
from ..service.service import Service
from ..workers.connection import LOCAL
from ..workers.request_slots import client_has_gone, is_ending, request_slots
from .guard import service
from .newest import snapshot_named
from .worker_calls import asking

EVENTS = "text/event-stream"
MAX_SECONDS = 20.0  # of one stream: nobody is asked again who they are while it lasts
SLOTS_PER_STREAM = 4  # one in so many of a worker's slots
MAX_STREAMS = 4  # of a process
MAX_LOOK_SECONDS = 2.0  # that another worker may take to say how far it is
REPEAT_SECONDS = 1.0  # without news: by this the page sees that no proxy holds the stream back
RETRY = b"retry: 500\n\n"  # milliseconds, after which the browser comes again
# between two looks at the server and the client: a page that loads itself anew finds its slot free
TICK_SECONDS = 0.05
CAPTURE_POLL_SECONDS, WATCH_POLL_SECONDS = 0.1, 0.5
Look = Callable[[], SnapshotInfo | WatchState]


class Streams:
    """Those that are open in this process. One that nobody closes counts until its time is up."""

    def __init__(self) -> None:
        self._until: dict[int, float] = {}
        self._numbers = itertools.count()
        self._guard = threading.Lock()

    def count(self) -> int:
        """How many there are now."""
        now = time.monotonic()
        return sum(until > now for until in list(self._until.values()))

    def open(self, most: int) -> int | None:
        """A new one's number; None where there are as many already."""
        with self._guard:
            if self.count() >= most:
                return None
            number = next(self._numbers)
            self._until[number] = time.monotonic() + MAX_SECONDS
            return number

    def close(self, number: int) -> None:
        """It holds no slot any more."""
        self._until.pop(number, None)


STREAMS = Streams()


def capture_events(snapshot_id: str) -> Response:
    """How far a capture is."""
    store, snapshot_id = service().store, snapshot_named(snapshot_id)
    store.info(snapshot_id)  # an unknown one is a 404
    return _answer(lambda: store.info(snapshot_id), CAPTURE_POLL_SECONDS)


def watch_events() -> Response:
    """How far a watch is."""
    look = asking("watching", request.args.get("worker"), seconds=MAX_LOOK_SECONDS)
    look()  # without a watch it is a 404
    return _answer(look, WATCH_POLL_SECONDS)


def _answer(look: Look, seconds: float) -> Response:
    here, slots = service(), _slots(request.environ)
    number = None
    if _has_room(here, slots) and not is_ending():
        number = STREAMS.open(min(MAX_STREAMS, slots // SLOTS_PER_STREAM))
    if number is None:
        return Response(status=204)
    environ = request.environ

    def has_to_end() -> bool:
        return is_ending() or client_has_gone(environ) or not _has_room(here, slots)

    events = _events(look, seconds, has_to_end)
    # nginx would keep them back until the answer is complete
    response = Response(events, headers={"X-Accel-Buffering": "no"}, mimetype=EVENTS)
    response.call_on_close(lambda: STREAMS.close(number))
    return response


def _slots(environ: Mapping[str, Any]) -> int:
    """Those of the server; none where no stream can be sent."""
    if LOCAL in environ or request.method == "HEAD":
        return 0
    return request_slots(environ)


def _has_room(here: Service, slots: int) -> bool:
    """Whether one more slot is free. A stream's own request has ended in the books when its first
    event is sent, so that the two add up to what is taken."""
    return here.level_history.serving + STREAMS.count() < slots


def _events(look: Look, seconds: float, has_to_end: Callable[[], bool]) -> Iterator[bytes]:
    """Each state once, and the last one again from time to time."""
    until, last = time.monotonic() + MAX_SECONDS, b""
    due = said = 0.0
    SERVING.set(OWN)  # it was taken back when the request ended
    try:
        yield RETRY
        while not has_to_end() and (now := time.monotonic()) < until:
            if now >= due:
                due, state = now + seconds, look()
                data = msgspec.json.encode(state)
                if data != last or now - said >= REPEAT_SECONDS:
                    last, said = data, now
                    yield b"data: %s\n\n" % data
                if state.state != "running":
                    return
            time.sleep(TICK_SECONDS)  # as gevent has it where it runs: others go on meanwhile
    except HeapViewError:  # the worker has ended, or somebody forgot the snapshot: asking tells
        return
    finally:
        SERVING.set(None)
