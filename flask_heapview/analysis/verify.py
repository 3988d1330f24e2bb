"""Is a leak gone? The growth of the place that its fingerprint means, and its error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import get_args

import msgspec

from ..model.report import Cause, Report, Suspect
from ..model.snapshot import Snapshot, requests_of
from ..model.verification import SCHEMA, Doubt, Earlier, Other, Result, Verification
from .align import align
from .exposure import exposure
from .finding import fingerprint_of
from .growing_nodes import named_path, topmost
from .memory_findings import free_bytes
from .slope import Slope, slope_of

MIN_REQUESTS = 100  # measured, below which no leak is called gone
MIN_GROWN_BYTES = 2_000  # in all: less is what any process gains
MAX_SHARE = 0.5  # of the earlier rate, that the error may leave room for
MAX_MORE_REQUESTS = 100_000  # that are advised
FIGURES: dict[str, Callable[[Snapshot], float]] = {
    "reference-cycle": lambda s: s.cycles.garbage_bytes,
    "native": lambda s: s.process.bridge.native or s.process.anonymous or 0,
    "fragmentation": free_bytes,
    "off-process": lambda s: s.process.tmpfs,
}


class _Place(msgspec.Struct):
    """What a fingerprint means."""

    cause: Cause
    path: str | None


class Verifier:
    """Looks at the snapshots of one worker, the oldest first, and at the report on them."""

    def __init__(self, snapshots: Sequence[Snapshot], report: Report, fingerprint: str) -> None:
        self.snapshots, self.report, self.fingerprint = snapshots, report, fingerprint
        self.asked = report.interval.endpoints
        self.union = align([s.ownership.stacks for s in snapshots])
        tree = self.union.stacks
        self.paths = [named_path(tree, node) for node in range(len(tree))]
        self.requests = exposure(snapshots)
        self.served = round(self.requests[-1] - self.requests[0])

    def verify(self, before: Earlier | None) -> Verification:
        """The answer; `before` is the suspect of the earlier report, if there is one."""
        suspect = next((s for s in self.report.suspects if s.fingerprint == self.fingerprint), None)
        place = self._place(suspect, before)
        values = None if place is None else self._values(place)
        whole = values is None
        slope = slope_of(self.requests, values or [float(s.heap.size) for s in self.snapshots])
        rate = before.growing.per_request.bytes if before is not None else None
        endpoint = before.endpoints[0].endpoint if before is not None and before.endpoints else None
        result, doubt = self._result(suspect, slope, rate, whole)
        if result == "gone" and endpoint and not requests_of(self.asked, endpoint):
            result, doubt = "inconclusive", "not-asked"
        if suspect is not None and whole:  # it has no figure of its own but that of the report
            slope = Slope(suspect.growing.per_request.bytes, math.inf)
            whole = False
        return Verification(
            schema=SCHEMA,
            fingerprint=self.fingerprint,
            result=result,
            cause=place.cause if place is not None else None,
            path=place.path if place is not None else None,
            whole=whole,
            requests=self.served,
            bytes_per_request=round(slope.rate, 1),
            margin_bytes=round(slope.margin, 1) if math.isfinite(slope.margin) else None,
            before=rate,
            endpoint=endpoint,
            doubt=doubt,
            more_requests=self._more(slope, rate, doubt),
            others=[_other(one) for one in self.report.suspects if self._is_another(one)],
        )

    def _place(self, suspect: Suspect | None, before: Earlier | None) -> _Place | None:
        known = suspect or before
        if known is not None:
            return _Place(known.cause, known.holder.path if known.holder is not None else None)
        return self._meant()

    def _meant(self) -> _Place | None:
        """What in this process has the fingerprint, which is a hash: each name is tried."""
        causes: tuple[Cause, ...] = get_args(Cause)
        for path in dict.fromkeys(self.paths):
            for cause in causes:
                if fingerprint_of(cause, path) == self.fingerprint:
                    return _Place(cause, path)
        kinds = {row.type for s in self.snapshots for row in s.heap.types}
        for kind in ("", "pymalloc arenas", "malloc arenas", *sorted(kinds)):
            for cause in causes:
                if fingerprint_of(cause, kind) == self.fingerprint:
                    return _Place(cause, None)
        return None

    def _values(self, place: _Place) -> list[float] | None:
        """Its bytes at each snapshot; None where it has no figure of its own."""
        if place.path is not None:
            return self._below(place.path)
        figure = FIGURES.get(place.cause)
        return None if figure is None else [float(figure(s)) for s in self.snapshots]

    def _below(self, path: str) -> list[float]:
        """Bytes below everything with that path. There may be nothing any more."""
        tops = topmost(self.union.stacks, lambda node: self.paths[node] == path)
        return [float(sum(total[node] for node in tops)) for total in self.union.totals()]

    def _result(
        self, suspect: Suspect | None, slope: Slope, before: float | None, whole: bool
    ) -> tuple[Result, Doubt | None]:
        if suspect is not None and suspect.leaks:
            return "still-there", None
        if self.served < MIN_REQUESTS:
            return "inconclusive", "few-requests"
        grows = slope.least > 0 and slope.rate * self.served >= MIN_GROWN_BYTES
        if suspect is not None or (grows and not whole):
            return "inconclusive", "may-level-off"
        if before is not None and not whole and slope.most >= MAX_SHARE * before:
            return "inconclusive", "imprecise"
        return "gone", None

    def _more(self, slope: Slope, before: float | None, doubt: Doubt | None) -> int:
        """Requests that would settle it. The error of a slope shrinks with the span, at least."""
        if doubt is None or doubt == "not-asked":
            return 0
        wanted = 4.0 * max(self.served, MIN_REQUESTS)
        if doubt == "few-requests":
            wanted = 5.0 * MIN_REQUESTS
        elif doubt == "imprecise" and before and math.isfinite(slope.margin):
            wanted = max(wanted, 2 * self.served * slope.margin / (MAX_SHARE * before))
        return min(MAX_MORE_REQUESTS, math.ceil(wanted / 100) * 100)

    def _is_another(self, suspect: Suspect) -> bool:
        return suspect.leaks and suspect.fingerprint != self.fingerprint


def _other(suspect: Suspect) -> Other:
    path = suspect.holder.path if suspect.holder is not None else None
    return Other(fingerprint=suspect.fingerprint, cause=suspect.cause, path=path)


def verify(
    snapshots: Sequence[Snapshot], report: Report, fingerprint: str, before: Earlier | None = None
) -> Verification:
    """Whether the leak with that fingerprint is gone, without words."""
    return Verifier(snapshots, report, fingerprint).verify(before)
