"""The sampler, started by hand, and what it knows."""

from __future__ import annotations

import threading

import pytest

from flask_heapview.allocations import estimates, samples, tracing
from flask_heapview.allocations.samples import Samples
from flask_heapview.analysis.confidence_interval import sum_interval
from flask_heapview.request_context import SERVING

if tracing.why_not_sampled() is not None:
    pytest.skip(tracing.why_not_sampled() or "", allow_module_level=True)

from flask_heapview.core import _core

RATE = 512 * 1024


def start(sample_bytes: int = RATE, seed: int = 1, frames: int = 32) -> None:
    _core.sampling_start(SERVING, threading._active, frames, sample_bytes, seed)


def found() -> Samples:
    known = samples.parse_dump(_core.sampling_dump())
    assert known is not None
    return known


def by_function(known: Samples) -> dict[str, tuple[float, float, float]]:
    """Estimate, low and high, of the bytes alive, by innermost function."""
    result = estimates.allocations(known)
    sums: dict[str, list[float]] = {}
    for node in range(len(result.stacks)):
        row = sums.setdefault(result.stacks.frame_at(node).label, [0.0, 0.0, 0.0])
        row[0] += result.stacks.size[node]
        row[1] += result.variance[node]
        row[2] = max(row[2], result.largest[node])
    bounds = {name: sum_interval(*row) for name, row in sums.items()}
    return {name: (sums[name][0], bound.low, bound.high) for name, bound in bounds.items()}
