"""A native leak has the function that takes the memory, where malloc was sampled."""

from __future__ import annotations

import msgspec
import pytest

from flask_heapview.model.native import NativeMemory, NativeSite
from flask_heapview.model.report import Suspect
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.reports.queries import judge_in_words

from .factories import MB, memory, snapshot

PARSER = NativeSite(
    library="libparse.so",
    path="/usr/lib/libparse.so",
    function="parse_page",
    distribution="parser 1.2",
    calls=["parse_page (libparse.so)", "0x7 (libffi.so.8)", "open_page (libparse.so)"],
    file="/srv/app.py",
    line=17,
    caller="page",
    endpoint="page",
    samples=40,
)
OTHER = msgspec.structs.replace(PARSER, function="keep_name", line=30, samples=10)
ONCE = msgspec.structs.replace(PARSER, function="load_tables", file="", line=0, endpoint=None)


def taken(turn: int, *sizes: tuple[NativeSite, int], entries: int = 100) -> Snapshot:
    """With 20 MB more native memory in each round."""
    sites = [msgspec.structs.replace(site, size=size) for site, size in sizes]
    return snapshot(
        turn,
        entries,
        native=NativeMemory(on=bool(sites), sites=sites),
        **memory(turn, native=20, anonymous=22),
    )


def native(*rows: Snapshot) -> Suspect:
    return next(one for one in judge_in_words(list(rows)).suspects if one.cause == "native")


def test_it_names_library_function_line_and_endpoint() -> None:
    found = native(
        *(
            taken(n, (PARSER, 15 * n * MB), (OTHER, 5 * n * MB), (ONCE, 50 * MB))
            for n in range(1, 4)
        )
    )
    rows = [(row.library, row.function, row.file, row.line) for row in found.allocated_at]
    assert rows == [
        ("libparse.so", "parse_page", "/srv/app.py", 17),
        ("libparse.so", "keep_name", "/srv/app.py", 30),
    ]
    assert [row.bytes for row in found.allocated_at] == [30 * MB, 10 * MB]
    assert [(one.endpoint, one.share) for one in found.endpoints] == [("page", 1.0)]
    assert found.growing.type == "parse_page of libparse.so"
    assert (
        "libparse.so (parser 1.2) took 30.0 MB of it, in parse_page, by 40 samples of malloc. "
        "It was called by open_page (libparse.so)."
    ) in found.evidence


def test_what_the_samples_do_not_know_is_not_laid_to_them() -> None:
    for rows in (
        [taken(n) for n in range(1, 4)],
        [taken(n, (PARSER, n * MB)) for n in range(1, 4)],
        [taken(n, (PARSER, 70 * MB)) for n in range(1, 4)],
    ):
        assert native(*rows).allocated_at == []


def test_few_samples_may_be_chance() -> None:
    rare = msgspec.structs.replace(PARSER, samples=2)
    assert native(*(taken(n, (rare, 20 * n * MB)) for n in range(1, 4))).allocated_at == []


@pytest.mark.parametrize(("endpoint", "apart"), [("thumb", True), ("page", False)])
def test_beside_a_leak_of_objects(endpoint: str, apart: bool) -> None:
    """Requests of `page` leave objects behind, on which native memory may hang."""
    site = msgspec.structs.replace(PARSER, endpoint=endpoint)
    rows = [taken(turn, (site, 20 * turn * MB), entries=100 * (turn + 1)) for turn in range(3)]
    report = judge_in_words(rows)
    found = {suspect.cause: suspect for suspect in report.suspects}
    assert found["unbounded-container"].confidence >= 0.9
    assert (found["native"].confidence >= 0.5) is apart
    assert found["native"].allocated_at[0].function == "parse_page"
    said = "For the same requests libparse.so took 40.0 MB of it, above all in parse_page."
    assert any(said in one for one in found["unbounded-container"].evidence) is not apart


def test_a_thread_of_the_library_s_own_has_no_line() -> None:
    found = native(*(taken(n, (ONCE, 20 * n * MB)) for n in range(1, 4)))
    (row,) = found.allocated_at
    assert (row.place, row.called) == ("libparse.so", "load_tables of libparse.so")
