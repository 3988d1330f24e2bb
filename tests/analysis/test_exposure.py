"""Growth where an app does not count its requests: along a server's count, or along time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flask_heapview.model.snapshot import Requests, Snapshot
from flask_heapview.render import markdown
from flask_heapview.reports.queries import judge_in_words

from .factories import row


def uncounted(*entries: int, seconds: float = 10.0, **more: Any) -> list[Snapshot]:
    """A row in a process where nobody counts requests."""
    return [
        msgspec.structs.replace(
            made,
            info=msgspec.structs.replace(
                made.info, requests=Requests(counted_by="nobody"), clock=seconds * turn
            ),
        )
        for turn, made in enumerate(row(*entries, **more))
    ]


def test_without_counts_two_snapshots_name_the_suspect_and_no_more() -> None:
    report = judge_in_words(uncounted(100, 200))
    assert report.verdict == "inconclusive"
    (suspect,) = report.suspects
    assert suspect.holder is not None
    assert suspect.holder.path == "app.cache"
    assert "app.cache gained 100 entries (100.0 kB) in 10 s" in suspect.summary
    assert "(10 entries and 10.0 kB per second)" in suspect.evidence[0]
    assert "60 s" in report.advice
    assert (report.interval.requests, report.interval.counted_by) == (0, "nobody")
    assert suspect.growing.per_request.objects == 0
    words = markdown.render(report)
    assert "an unknown number of requests" in words
    assert " 0 requests" not in words


def test_without_counts_a_steady_rate_in_time_is_a_leak() -> None:
    report = judge_in_words(uncounted(100, 200, 300))
    assert report.verdict == "leak"
    assert "in 20 s and never let one go" in report.summary


@pytest.mark.parametrize(
    ("entries", "seconds"), [((100, 400, 410), 10.0), ((100, 200, 300), 2.0)], ids=["slows", "soon"]
)
def test_without_counts_what_may_level_off_is_no_leak(
    entries: tuple[int, ...], seconds: float
) -> None:
    report = judge_in_words(uncounted(*entries, seconds=seconds))
    assert report.verdict == "inconclusive"
    assert report.suspects[0].confidence < 0.5


def test_without_counts_nobody_is_acquitted() -> None:
    report = judge_in_words(uncounted(300, 300, 300))
    assert (report.verdict, report.suspects) == ("inconclusive", [])
    assert "Nothing grew in 20 s" in report.summary
    assert "there may have been none" in report.summary


def test_the_count_of_a_server_has_no_endpoints() -> None:
    made = [
        msgspec.structs.replace(
            one,
            info=msgspec.structs.replace(
                one.info, requests=Requests(total=one.info.requests.total, counted_by="server")
            ),
        )
        for one in row(100, 200)
    ]
    report = judge_in_words(made)
    assert report.verdict == "leak"
    assert "100 requests" in report.summary
    assert (report.interval.requests, report.interval.endpoints) == (100, {})
    assert report.interval.counted_by == "server"
