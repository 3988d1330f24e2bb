"""What tracing knows now, as a section of a snapshot."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Sequence

from ..core.loader import core
from ..inspection.code_locations import CodeLocations
from ..model.allocations import Allocations
from ..model.stacks import Frame, StacksBuilder
from . import estimates, samples, tracing

_OURS = frozenset((__file__, tracing.__file__, tracemalloc.__file__))
MAX_STACKS = 20_000  # tracebacks kept in a snapshot, the largest; the rest is summed up
DOMAINS = {389047: "numpy arrays"}  # tracemalloc's domains that libraries report to


def read_sampled() -> Allocations:
    """What the sampler of this process, or of the one it was forked from, knows."""
    found = samples.parse_dump(core.sampling_dump()) if core is not None else None
    return Allocations(note=tracing.OFF) if found is None else estimates.allocations(found)


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
        frames=tracing.depth(),
        traced=traced,
        peak=peak,
        overhead=overhead,
        stacks=stacks,
        app_frames=estimates.app_frames(stacks),
        domains=dict(domains),
    )


def _stack(traceback: Sequence[tracemalloc.Frame], places: CodeLocations) -> list[Frame]:
    """Root first, under the endpoint whose view stands in it."""
    endpoint = places.endpoint(traceback)
    root = Frame(f"endpoint {endpoint}" if endpoint else samples.NO_ENDPOINT)
    theirs = [frame for frame in traceback if frame.filename != samples.PASSED] or traceback
    return [root, *(places.frame(frame.filename, frame.lineno) for frame in theirs)]
