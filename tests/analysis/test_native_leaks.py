"""Native leaks are told apart by what the samples of malloc know of each."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from flask_heapview.model.native import NativeSite
from flask_heapview.model.report import Report, Suspect
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.reports.queries import judge_in_words

from .factories import MB
from .test_native_callers import PARSER, taken

PRINTER = replace(
    PARSER,
    library="libprint.so",
    path="/usr/lib/libprint.so",
    function="print_label",
    distribution="",
    calls=[],
    line=52,
    endpoint="thumb",
    samples=12,
)


def judged(*sites: tuple[NativeSite, Callable[[int], float]]) -> Report:
    """Four snapshots; each site has so many MB at each."""
    rows = [[(site, round(size(turn) * MB)) for site, size in sites] for turn in range(1, 5)]
    return judge_in_words([asked_for_both(taken(turn, *row)) for turn, row in enumerate(rows, 1)])


def asked_for_both(found: Snapshot) -> Snapshot:
    """With as many requests of the other endpoint."""
    requests = found.info.requests
    both = {**requests.endpoints, "thumb": requests.total}
    asked = replace(requests, endpoints=both, total=2 * requests.total)
    return replace(found, info=replace(found.info, requests=asked))


def natives(report: Report) -> list[Suspect]:
    return [one for one in report.suspects if one.cause == "native"]


def test_two_libraries_leak_by_themselves() -> None:
    report = judged((PARSER, lambda turn: 15 * turn), (PRINTER, lambda turn: 2 * turn))
    first, second = natives(report)
    assert first.growing.type == "parse_page of libparse.so"
    assert second.growing.type == "print_label of libprint.so"
    assert [one.growing.bytes for one in (first, second)] == [45 * MB, 6 * MB]
    assert [one.endpoints[0].endpoint for one in (first, second)] == ["page", "thumb"]
    assert [one.allocated_at[0].line for one in (first, second)] == [17, 52]
    assert min(first.confidence, second.confidence) >= 0.5
    assert first.fingerprint != second.fingerprint


def test_functions_that_one_line_calls_are_one_leak() -> None:
    text = replace(PARSER, function="parse_text", samples=20)
    report = judged(
        (PARSER, lambda turn: 10 * turn),
        (text, lambda turn: 5 * turn),
        (PRINTER, lambda turn: 2 * turn),
    )
    first, second = natives(report)
    assert [row.function for row in first.allocated_at] == ["parse_page", "parse_text"]
    assert first.growing.bytes == 45 * MB
    assert second.growing.type == "print_label of libprint.so"


def test_what_comes_and_goes_is_no_leak_of_its_own() -> None:
    report = judged((PARSER, lambda turn: 15 * turn), (PRINTER, lambda turn: 2 * (turn % 2)))
    (only,) = natives(report)
    assert only.growing.type == "parse_page of libparse.so"


def test_a_little_is_no_leak_of_its_own() -> None:
    few = replace(PRINTER, samples=3)
    for other, size in ((PRINTER, 0.1), (few, 1.0)):
        report = judged((PARSER, lambda turn: 15 * turn), (other, lambda turn, n=size: n * turn))  # type: ignore[misc]
        assert len(natives(report)) == 1


def test_a_step_within_the_error_is_no_leak_of_its_own() -> None:
    """Its standard error is as large as what it gained."""
    vague = replace(PRINTER, variance=(2 * MB) ** 2)
    report = judged((PARSER, lambda turn: 15 * turn), (vague, lambda turn: 0.6 * turn))
    found = natives(report)
    assert len(found) == 1 or found[1].confidence < 0.9
