"""Who allocated it: sampled by the native core all the time, or exact by tracemalloc on demand."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import tracemalloc
from typing import Literal, get_args

from ..core.loader import WHY_NOT, core
from ..errors import BadRequest, Conflict
from ..request_context import SERVING
from .tracemalloc_hooks import PLAIN

log = logging.getLogger("flask_heapview")
Mode = Literal["off", "sampled", "exact"]
DEFAULT_FRAMES = 6  # of exact tracing, where each one costs: see the table in docs/allocations.md
SAMPLED_FRAMES = 32
MAX_ASKED_FRAMES = 64
OFF = "Allocation tracing is off. Switch it on to see who allocates."


def mode() -> Mode:
    """What is on now; exact wins, since somebody else may have started tracemalloc."""
    if tracemalloc.is_tracing():
        return "exact"
    return "sampled" if core is not None and core.sampling() is not None else "off"


def depth() -> int:
    """Frames kept of each traceback; 0 while tracing is off."""
    if tracemalloc.is_tracing():
        return tracemalloc.get_traceback_limit()
    state = core.sampling() if core is not None else None
    return state.frames if state is not None else 0


def why_not_sampled() -> str | None:
    """Why this installation cannot sample; None where it can."""
    if core is None:
        return WHY_NOT
    # the core reads frames by their layout: what it sees must be what Python itself says
    found = [code for code, _ in core.where()]
    if found != [frame.f_code for frame, _ in traceback.walk_stack(sys._getframe())]:
        return "The native core does not understand this interpreter's frames."
    return None


def begin(wanted: Mode) -> None:
    """As the settings say, when an app is mounted. What is on already goes on."""
    if wanted == "off" or mode() != "off":
        return
    if wanted == "sampled" and (reason := why_not_sampled()) is not None:
        log.info("flask-heapview: allocations are not sampled. %s", reason)
        return
    switch(wanted)


def switch(wanted: str, frames: int | None = None, sample_bytes: int | None = None) -> None:
    """Starts or stops tracing; one sort at a time.

    `sample_bytes` is the mean distance of two samples, in bytes; without it, it adapts. Raises
    BadRequest for what cannot be meant, Conflict where this build does not have it.
    """
    if wanted not in get_args(Mode):
        raise BadRequest('The mode must be "sampled", "exact" or "off".')
    if frames is not None and not 1 <= frames <= MAX_ASKED_FRAMES:
        raise BadRequest(f"frames must be between 1 and {MAX_ASKED_FRAMES}.")
    if sample_bytes is not None and sample_bytes < 1:
        raise BadRequest("sample_bytes must be 1 or more.")
    if wanted == "sampled":
        _sample(frames or SAMPLED_FRAMES, sample_bytes or 0)
        tracemalloc.stop()
        return
    if core is not None:
        core.sampling_stop()
    if wanted == "off":
        tracemalloc.stop()
        return
    wanted_depth = frames or DEFAULT_FRAMES
    if tracemalloc.is_tracing() and tracemalloc.get_traceback_limit() != wanted_depth:
        tracemalloc.stop()  # the depth is fixed at the start
    if not tracemalloc.is_tracing():
        PLAIN.save()
        tracemalloc.start(wanted_depth)


def _sample(frames: int, sample_bytes: int) -> None:
    """Begins to sample; what was sampled in the same way before goes on."""
    reason = why_not_sampled()
    if core is None or reason is not None:
        raise Conflict(
            f"Sampled tracing needs the native core. {reason} "
            'Use {"mode": "exact"} instead. It is tracemalloc, and slows allocation down.'
        )
    state = core.sampling()
    if state is None or (state.frames, state.asked_bytes) != (frames, sample_bytes):
        _start(frames, sample_bytes)


def _start(frames: int, sample_bytes: float) -> None:
    assert core is not None
    core.sampling_start(SERVING, threading._active, frames, sample_bytes)  # type: ignore[attr-defined]


def request_begun(endpoint: str) -> None:
    """What is sampled from now on was born in a request of that endpoint, so many later."""
    if core is not None:
        core.sampling_request(endpoint)


def request_ended() -> None:
    """This thread serves none any more."""
    if core is not None:
        core.native_request_ended()


def restore_hooks() -> None:
    """Before a capture: where another tool took the sampler's hooks away, it begins again."""
    state = core.sampling() if core is not None else None
    if core is not None and state is not None and not core.sampling_heal():
        log.warning(
            "flask-heapview: another tool removed the sampler's hooks; sampling starts again"
        )
        _start(state.frames, state.asked_bytes)


def stop_tracing_in_child() -> None:
    """In a child: the capture itself is not traced, and what was traced stays as it is."""
    if tracemalloc.is_tracing():
        PLAIN.restore()
    if core is not None:
        core.sampling_freeze()
        core.native_freeze()
