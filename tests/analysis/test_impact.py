"""What a leak comes to."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.impact import impact_of
from flask_heapview.analysis.judge import judge
from flask_heapview.model.facts import Impact
from flask_heapview.model.process import Container, Process
from flask_heapview.render.sentences.say import say

from .factories import MB, row

BOXED = Process(container=Container(limit=500 * MB, usage=400 * MB))


def test_a_rate_and_how_long_it_takes() -> None:
    found = impact_of(10 * MB, 100.0, BOXED)
    assert found == Impact(bytes_per_day=8640 * MB, seconds_to_limit=1000.0)
    assert say(found) == (
        "At the traffic of now, that is 8.6 GB a day. "
        "Alone it fills the memory that is left in 17 minutes."
    )


def test_what_can_wait_is_said_to() -> None:
    found = impact_of(5.0, 100.0, BOXED)
    assert found is not None
    assert say(found).endswith("It can wait.")


def test_without_a_limit_the_machine_counts() -> None:
    found = impact_of(MB, 1.0, Process(machine_available=60 * MB))
    assert found is not None
    assert found.seconds_to_limit == 60.0
    bare = impact_of(MB, 1.0, Process())
    assert bare is not None
    assert bare.seconds_to_limit is None
    assert say(bare) == "At the traffic of now, that is 86.4 GB a day."


@pytest.mark.parametrize(("grown", "seconds"), [(0, 10.0), (-5, 10.0), (5, 0.0)])
def test_without_a_rate_there_is_none(grown: float, seconds: float) -> None:
    assert impact_of(grown, seconds, BOXED) is None


def test_a_suspect_carries_it() -> None:
    snapshots = [replace(one, process=BOXED) for one in row(100, 200, 300, 400)]
    (top,) = judge(snapshots).suspects
    assert top.impact is not None
    assert top.impact in top.evidence_facts
    assert top.impact.bytes_per_day == pytest.approx(top.growing.bytes / 30 * 86_400, rel=0.01)
