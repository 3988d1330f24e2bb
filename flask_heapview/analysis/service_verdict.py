"""The verdict over all workers, by what was found in each of them, and what would settle it."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.facts import FewRequests, MayLevelOff, SendMore, SendRequests
from ..model.query import WorkerRef
from ..model.report import Report, Verdict
from ..model.service_report import MissingWorker, ServiceSuspect
from ..model.worker_facts import (
    CaptureWorkers,
    JudgeAlone,
    LeakInWorkers,
    MayLevelOffInWorkers,
    NoneJudged,
    NotAllJudged,
    NothingGrowsAnywhere,
    NoTimeLeft,
    ServiceAdviceFact,
    ServiceVerdictFact,
    WorkersInDoubt,
)
from .judge import more_leaks, summary_of, what_helps, whence

Judged = Sequence[tuple[WorkerRef, Report]]
Reasons = list[ServiceVerdictFact]
Advice = list[ServiceAdviceFact]


def verdict_of(
    judged: Judged, missing: Sequence[MissingWorker], suspects: Sequence[ServiceSuspect]
) -> tuple[Verdict, Reasons, Advice]:
    """`leak` exactly when a joined suspect is sure enough. `no-leak` only when every worker was
    judged, and each shows none."""
    top = suspects[0] if suspects else None
    count = len(judged)
    if top is not None and top.leaks:
        why: Reasons = [LeakInWorkers(workers=top.seen_in, judged=count), *summary_of(top)]
        return "leak", [*why, *whence(top), *more_leaks(suspects)], [what_helps(top)]
    more = _look_at(missing)
    if not judged:
        return "inconclusive", [NoneJudged(workers=len(missing))], more
    if top is not None and _only_time_will_tell(top, judged):
        why = [MayLevelOffInWorkers(workers=top.seen_in, judged=count), *summary_of(top)]
        return "inconclusive", why, [*_advice(judged), *more]
    doubtful = [pair for pair in judged if pair[1].verdict == "inconclusive"]
    if doubtful:
        return "inconclusive", _doubts(doubtful, count), [*_advice(judged), *more]
    if missing:
        why = [NotAllJudged(judged=count, workers=count + len(missing))]
        return "inconclusive", why, more
    served = sum(report.interval.requests for _, report in judged)
    # every worker says so, and the same is advised to each
    return (
        "no-leak",
        [NothingGrowsAnywhere(workers=count, requests=served)],
        list(judged[0][1].advice_facts),
    )


def _only_time_will_tell(suspect: ServiceSuspect, judged: Judged) -> bool:
    """Whether a worker that shows it was judged by enough requests."""
    shown = {row.id for row in suspect.workers}
    return any(
        isinstance(fact, MayLevelOff)
        for worker, report in judged
        for fact in report.summary_facts
        if worker.id in shown
    )


def _doubts(doubtful: Judged, count: int) -> Reasons:
    """How many are in doubt, and why one of them is. Few requests are the weakest reason."""
    worker, report = min(doubtful, key=lambda pair: _few(pair[1]))
    why = WorkersInDoubt(
        number=worker.number, worker=worker.id, workers=len(doubtful), judged=count
    )
    return [why, *report.summary_facts]


def _few(report: Report) -> bool:
    return any(isinstance(fact, FewRequests) for fact in report.summary_facts)


def _advice(judged: Judged) -> Advice:
    """What would settle each of those that are in doubt: the most that is asked for."""
    found = [fact for _, report in judged for fact in report.advice_facts]
    more = [fact for fact in found if isinstance(fact, SendMore)]
    if more:
        return [max(more, key=lambda fact: (fact.requests, fact.turn_tracing_on))]
    few = [fact for fact in found if isinstance(fact, SendRequests)]
    if few:
        return [max(few, key=lambda fact: fact.min_requests)]
    doubtful = [report for _, report in judged if report.verdict == "inconclusive"]
    return [*doubtful[0].advice_facts] if doubtful else []


def _look_at(missing: Sequence[MissingWorker]) -> Advice:
    """What to do about the workers that were not judged."""
    late = [one.number for one in missing if isinstance(one.reason_fact, NoTimeLeft)]
    others = [one.number for one in missing if not isinstance(one.reason_fact, NoTimeLeft)]
    found: Advice = [CaptureWorkers(numbers=others)] if others else []
    return [*found, JudgeAlone(numbers=late)] if late else found
