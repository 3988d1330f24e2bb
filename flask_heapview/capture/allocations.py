"""Who allocated it: tracemalloc, started and stopped on demand and aggregated in the child."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Sequence

from ..errors import BadRequest, Conflict
from ..model.allocations import Allocations
from ..model.ownership import Site
from ..model.stacks import Frame, StacksBuilder
from .allocators import PLAIN
from .roots import app_file
from .sites import Places

DEFAULT_FRAMES = 6  # each one costs: see the table in docs/capture.md
MAX_FRAMES = 64
OFF = "Tracing is off: switch it on to see who allocates."
_OURS = frozenset((__file__, tracemalloc.__file__))
STACK_LIMIT = 20_000  # tracebacks kept in a snapshot, the largest; the rest is summed up


def mode() -> str:
    """off or exact."""
    return "exact" if tracemalloc.is_tracing() else "off"


def depth() -> int:
    """Frames kept of each traceback; 0 while tracing is off."""
    return tracemalloc.get_traceback_limit() if tracemalloc.is_tracing() else 0


def switch(wanted: str, frames: int | None) -> None:
    """Starts or stops tracing.

    Raises BadRequest for what is no mode, Conflict where this build does not have it.
    """
    if wanted == "sampled":
        raise Conflict(
            "Sampled tracing needs the native extension, which this installation does not have. "
            'Use {"mode": "exact"}: it is tracemalloc, and slows allocation down while it is on.'
        )
    if wanted not in ("exact", "off"):
        raise BadRequest('The mode must be "sampled", "exact" or "off".')
    if frames is not None and not 1 <= frames <= MAX_FRAMES:
        raise BadRequest(f"frames must be between 1 and {MAX_FRAMES}.")
    if wanted == "off":
        tracemalloc.stop()
        return
    wanted_depth = frames or DEFAULT_FRAMES
    if depth() not in (0, wanted_depth):
        tracemalloc.stop()  # the depth is fixed at the start
    if not tracemalloc.is_tracing():
        PLAIN.save()
        tracemalloc.start(wanted_depth)


def read_allocations(places: Places) -> Allocations:
    """Live bytes by traceback. Only for a child: tracemalloc copies every trace it has."""
    if not tracemalloc.is_tracing():
        return Allocations(note=OFF)
    traced, peak = tracemalloc.get_traced_memory()
    overhead = tracemalloc.get_tracemalloc_memory()
    statistics = tracemalloc.take_snapshot().statistics("traceback")
    # filtered only now: tracemalloc's own filters look at every single trace
    statistics = [s for s in statistics if s.traceback[-1].filename not in _OURS]
    builder = StacksBuilder()
    for stat in statistics[:STACK_LIMIT]:
        builder.add(_stack(stat.traceback, places), stat.count, stat.size)
    rest = statistics[STACK_LIMIT:]
    if rest:
        builder.add([Frame("(other)")], sum(s.count for s in rest), sum(s.size for s in rest))
    return Allocations(
        mode="exact",
        frames=depth(),
        traced=traced,
        peak=peak,
        overhead=overhead,
        stacks=builder.build(),
    )


def _stack(traceback: Sequence[tracemalloc.Frame], places: Places) -> list[Frame]:
    """Root first, under the endpoint whose view stands in it."""
    endpoint = places.endpoint(traceback)
    root = Frame(f"endpoint {endpoint}" if endpoint else "(no endpoint)")
    return [root, *(places.frame(f.filename, f.lineno) for f in traceback)]


class SiteCounter:
    """Adds up the allocation sites of single objects."""

    def __init__(self, places: Places) -> None:
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
