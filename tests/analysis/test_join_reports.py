"""The reports on several workers become one: suspects by fingerprint, and one verdict."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.join_reports import join, joined_confidence
from flask_heapview.model.base import from_json, to_json
from flask_heapview.model.query import WorkerRef
from flask_heapview.model.report import PathRef, PerRequest, Report
from flask_heapview.model.service_report import MissingWorker, ServiceReport
from flask_heapview.model.worker_facts import NoSnapshot, NoTimeLeft, SingleSnapshot
from flask_heapview.render.markdown import render_service
from flask_heapview.render.sentences.workers import with_service_sentences
from flask_heapview.reports.queries import judge_in_words

from .factories import row

WORKERS = [WorkerRef(n, f"{n}-0") for n in range(1, 5)]
LEAKING = (100, 200, 300)
STEADY = (100, 100, 100)
UNSURE = (1000, 1100)  # one interval alone
MISSING = MissingWorker(4, "4-0", SingleSnapshot(number=4, worker="4-0"))


def report(entries: tuple[int, ...], **more: Any) -> Report:
    return judge_in_words(row(*entries, **more))


def joined(*reports: Report, missing: tuple[MissingWorker, ...] = ()) -> ServiceReport:
    made = with_service_sentences(join(list(zip(WORKERS, reports, strict=False)), missing))
    assert from_json(to_json(made), ServiceReport) == made
    return made


# --- suspects


def test_one_suspect_has_a_row_for_each_worker() -> None:
    made = joined(report(LEAKING), report((100, 300, 500)), report(STEADY))
    (suspect,) = made.suspects
    assert (suspect.seen, suspect.seen_in, suspect.judged) == ("in 2 of 3 workers", 2, 3)
    assert suspect.holder == PathRef(path="app.cache", type="dict")
    assert [(w.number, w.id, w.objects, w.bytes, w.requests) for w in suspect.workers] == [
        (1, "1-0", 200, 200_000, 200),
        (2, "2-0", 400, 400_000, 200),
    ]
    assert (suspect.growing.objects, suspect.growing.bytes) == (600, 600_000)
    assert suspect.growing.per_request == PerRequest(objects=1.5, bytes=1500)
    assert made.summary.startswith(
        "It leaks in 2 of 3 workers: dict app.cache gained 600 entries (600.0 kB) in 400 requests"
    )
    assert made.interval.requests == 600
    assert [(s.endpoint, s.share) for s in suspect.endpoints] == [("page", 1.0)]


def test_what_a_worker_shows_twice_is_one_worker() -> None:
    """Paths that differ by a number have one fingerprint."""
    (once,) = report(LEAKING).suspects
    again = replace(once, holder=PathRef(path="app.caches1", type="dict"))
    twice = replace(report(LEAKING), suspects=[once, again])
    (suspect,) = joined(twice, report(STEADY)).suspects
    assert (suspect.seen, len(suspect.workers)) == ("in 1 of 2 workers", 1)
    assert (suspect.growing.objects, suspect.workers[0].objects) == (400, 400)
    assert suspect.growing.per_request.objects == 2  # of 200 requests, not of 400
    assert "in 200 requests" in suspect.summary
    assert suspect.confidence == once.confidence
    assert suspect.evidence[-1] == "The same growth also shows at: app.caches1."


def test_the_surest_comes_first_then_the_largest() -> None:
    (known,) = report(LEAKING).suspects
    growing = replace(known.growing, bytes=900_000)
    large = replace(known, fingerprint="b", growing=growing)
    unsure = replace(known, fingerprint="c", confidence=0.3, growing=growing)
    made = joined(replace(report(LEAKING), suspects=[unsure, known, large]))
    assert [suspect.fingerprint for suspect in made.suspects] == ["b", known.fingerprint, "c"]
    assert [suspect.rank for suspect in made.suspects] == [1, 2, 3]


# --- confidence


@pytest.mark.parametrize("confidences", [[0.4], [0.9, 0.2], [0.4, 0.35, 0.2], [0.6] * 8])
def test_it_is_never_below_the_best_nor_certain(confidences: list[float]) -> None:
    for judged in range(len(confidences), 9):
        assert max(confidences) <= joined_confidence(confidences, judged) < 1


def test_more_workers_are_surer_and_others_without_it_less() -> None:
    alone, two, four = (joined_confidence([0.4] * n, n) for n in (1, 2, 4))
    assert alone == 0.4 < two < four
    assert joined_confidence([0.6] * 2, 8) < joined_confidence([0.6] * 2, 2)


@pytest.mark.parametrize("confidence", [0.35, 0.4, 0.45, 0.49])
def test_doubts_that_all_workers_share_never_add_up_to_a_leak(confidence: float) -> None:
    """A cache that fills does so in every worker."""
    assert joined_confidence([confidence] * 64, 64) < 0.5


# --- the verdict


def test_no_leak_needs_every_worker() -> None:
    made = joined(report(STEADY), report(STEADY))
    assert made.verdict == "no-leak"
    assert made.summary == ("Nothing grew with the traffic in any of 2 workers, over 400 requests.")
    short = joined(report(STEADY), missing=(MISSING,))
    assert short.verdict == "inconclusive"
    assert short.missing[0].reason == "worker 4 has one snapshot: capture it again"
    assert short.advice.endswith("capture worker 4.")
    assert short.live == 2


def test_a_leak_in_one_worker_is_a_leak_whoever_is_missing() -> None:
    made = joined(report(STEADY), report(LEAKING), missing=(MISSING,))
    assert made.verdict == "leak"
    assert "in 1 of 2 workers" in made.summary


def test_what_is_unsure_everywhere_is_inconclusive() -> None:
    made = joined(*[report(UNSURE) for _ in range(4)])
    assert 0.35 < made.suspects[0].confidence < 0.5
    assert made.verdict == "inconclusive"
    assert made.summary.startswith("Something grows in 4 of 4 workers, but it may level off:")
    assert "more requests" in made.advice


def test_too_few_requests_are_said() -> None:
    made = joined(report(STEADY), report(STEADY, step=1))
    assert made.verdict == "inconclusive"
    assert made.summary.startswith("It cannot be told for worker 2: Only 2 requests")
    assert made.advice.startswith("Send at least 50 requests")


def test_nobody_was_judged() -> None:
    nothing = MissingWorker(1, "1-0", NoSnapshot(number=1, worker="1-0"))
    made = joined(missing=(nothing, MISSING))
    assert (made.verdict, made.suspects, made.judged) == ("inconclusive", [], [])
    assert made.summary == "Not one of 2 workers could be judged yet."
    assert "workers 1 and 4" in made.advice


def test_who_was_too_late_need_not_be_captured() -> None:
    late = MissingWorker(3, "3-0", NoTimeLeft(number=3, worker="3-0", seconds=20))
    made = joined(report(STEADY), missing=(late, MISSING))
    assert "capture worker 4." in made.advice
    assert "two snapshots of worker 3, one" in made.advice
    assert "capture" not in joined(report(STEADY), missing=(late,)).advice


def test_the_ticket_names_the_workers() -> None:
    text = render_service(joined(report(LEAKING), report(STEADY), missing=(MISSING,)))
    assert text.startswith("# It leaks in 1 of 2 workers")
    assert "| worker 1 (1-0) | 95 % | 200 | 200.0 kB | 1.0 kB |" in text
    assert "- worker 4 has one snapshot: capture it again" in text
    assert "worker 2 (2-0): no-leak" in text
