"""Who allocated it: sampled by the native core all the time, or exact by tracemalloc on demand."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from typing import Literal, get_args

from ..core.loader import WHY_NOT, core
from ..errors import BadRequest, Conflict
from ..inspection.code_locations import CodeLocations
from ..inspection.roots import app_file
from ..model.allocations import Allocations
from ..model.ownership import Site
from ..model.stacks import Frame, StacksBuilder
from ..request_context import SERVING
from . import samples
from .tracemalloc_hooks import PLAIN

log = logging.getLogger("flask_heapview")
Mode = Literal["off", "sampled", "exact"]
DEFAULT_FRAMES = 6  # of exact tracing, where each one costs: see the table in docs/allocations.md
SAMPLED_FRAMES = 32
MAX_FRAMES = 64
OFF = "Allocation tracing is off. Switch it on to see who allocates."
_OURS = frozenset((__file__, tracemalloc.__file__))
MAX_STACKS = 20_000  # tracebacks kept in a snapshot, the largest; the rest is summed up
DOMAINS = {389047: "numpy arrays"}  # tracemalloc's domains that libraries report to


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
    if frames is not None and not 1 <= frames <= MAX_FRAMES:
        raise BadRequest(f"frames must be between 1 and {MAX_FRAMES}.")
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


def read_sampled() -> Allocations:
    """What the sampler of this process, or of the one it was forked from, knows."""
    found = samples.parse_dump(core.sampling_dump()) if core is not None else None
    return Allocations(note=OFF) if found is None else samples.allocations(found)


def read_allocations(places: CodeLocations) -> Allocations:
    """Live bytes by traceback. Only for a child: tracemalloc copies every trace it has."""
    if not tracemalloc.is_tracing():
        return read_sampled()
    traced, peak = tracemalloc.get_traced_memory()
    overhead = tracemalloc.get_tracemalloc_memory()
    snapshot = tracemalloc.take_snapshot()
    domains: Counter[str] = Counter()
    for trace in snapshot.traces:
        if trace.domain:
            domains[DOMAINS.get(trace.domain, f"domain {trace.domain}")] += trace.size
    statistics = snapshot.statistics("traceback")
    # filtered only now: tracemalloc's own filters look at every single trace
    statistics = [s for s in statistics if s.traceback[-1].filename not in _OURS]
    builder = StacksBuilder()
    for stat in statistics[:MAX_STACKS]:
        builder.add(_stack(stat.traceback, places), stat.count, stat.size)
    rest = statistics[MAX_STACKS:]
    if rest:
        builder.add([Frame("(other)")], sum(s.count for s in rest), sum(s.size for s in rest))
    stacks = builder.build()
    return Allocations(
        mode="exact",
        frames=depth(),
        traced=traced,
        peak=peak,
        overhead=overhead,
        stacks=stacks,
        app_frames=samples.app_frames(stacks),
        domains=dict(domains),
    )


def _stack(traceback: Sequence[tracemalloc.Frame], places: CodeLocations) -> list[Frame]:
    """Root first, under the endpoint whose view stands in it."""
    endpoint = places.endpoint(traceback)
    root = Frame(f"endpoint {endpoint}" if endpoint else "(no endpoint)")
    return [root, *(places.frame(f.filename, f.lineno) for f in traceback)]


class SiteCounter:
    """Adds up the allocation sites of single objects."""

    def __init__(self, places: CodeLocations) -> None:
        self._places = places
        self._sites: Counter[tuple[str, int, str, str | None]] = Counter()
        self._counts: Counter[tuple[str, int, str, str | None]] = Counter()

    def add(self, obj: object, size: int) -> None:
        """Notes where the object was allocated, if tracing knows."""
        traceback = tracemalloc.get_object_traceback(obj)
        if traceback is not None:
            self.add_traceback(traceback, size)

    def add_traceback(self, traceback: Sequence[tracemalloc.Frame], size: int) -> None:
        """Notes a traceback, outermost frame first."""
        frame = self._frame(traceback)
        key = (frame.file, frame.line, frame.label, self._places.endpoint(traceback))
        self._sites[key] += size
        self._counts[key] += 1

    def _frame(self, traceback: Sequence[tracemalloc.Frame]) -> Frame:
        """The innermost frame of the app's own code, else the innermost of all."""
        for frame in reversed(traceback):
            if app_file(frame.filename):
                return self._places.frame(frame.filename, frame.lineno)
        return self._places.frame(traceback[-1].filename, traceback[-1].lineno)

    def sites(self, limit: int = 8) -> list[Site]:
        """The largest sites, by bytes."""
        return [
            Site(
                file=key[0],
                line=key[1],
                function=key[2],
                endpoint=key[3],
                size=size,
                count=self._counts[key],
            )
            for key, size in self._sites.most_common(limit)
        ]
