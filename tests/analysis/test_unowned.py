"""Growth without an owner is never answered with "no leak"."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flask_heapview.analysis.judge import judge
from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.model.facts import UnownedGrowth
from flask_heapview.reports.queries import judge_in_words

from ..run_isolated import alone
from .factories import row, tree

APP = [("app", "module"), (".hub", "app.Hub")]


def rows(*columns: list[tuple[list[tuple[str, str]], int]]) -> list[Any]:
    """The owner that is known does not grow; these nodes have so many objects."""
    found = []
    for snapshot, column in zip(row(*[300] * len(columns)), columns, strict=True):
        stacks = tree(*[(steps, count, count * 100) for steps, count in column]).build()
        ownership = msgspec.structs.replace(snapshot.ownership, stacks=stacks, holders=[])
        found.append(msgspec.structs.replace(snapshot, ownership=ownership))
    return found


def scattered(*totals: int) -> list[Any]:
    """Each object at a place of its own."""
    return rows(
        *[[([*APP, (f".name{n}", "app.Part")], 1) for n in range(total)] for total in totals]
    )


def in_catch_all(*totals: int) -> list[Any]:
    return rows(*[[(APP, 1), ([("(other)", "")], total)] for total in totals])


def unowned(snapshots: list[Any]) -> UnownedGrowth | None:
    facts = [f for f in judge(snapshots).summary_facts if isinstance(f, UnownedGrowth)]
    return facts[0] if facts else None


def test_growth_at_ever_new_places_is_named_and_not_acquitted() -> None:
    report = judge_in_words(scattered(1000, 1500, 2000))
    assert report.verdict == "inconclusive"
    assert report.suspects == []
    assert report.summary.startswith(
        "100 % of the objects that came have no owner that grows: 1,000 objects, mostly app.Part. "
        "Each is at a place of its own, most of them below app.hub."
    )


def test_what_the_full_tree_lost_is_not_acquitted() -> None:
    fact = unowned(in_catch_all(5_000, 5_400, 5_800))
    assert fact is not None
    assert (fact.objects, fact.share, fact.types) == (800, 1.0, [])


def test_two_snapshots_are_enough_for_a_doubt() -> None:
    assert unowned(scattered(1000, 2000)) is not None


def test_what_has_ended_is_no_reason() -> None:
    assert judge(scattered(1000, 3000, 3010)).verdict == "no-leak"
    assert judge(in_catch_all(5_000, 5_400, 5_401)).verdict == "no-leak"


def test_threads_that_come_and_go_are_no_reason() -> None:
    assert judge(scattered(1000, 1060, 1120)).verdict == "no-leak"


def test_a_bounded_cache_that_fills_up_is_an_owner() -> None:
    """Below its limit it is no suspect; what it gained is explained all the same."""
    report = judge(row(100, 800, 1500, limit=10_000, holder_kind="cache"))
    assert (report.verdict, report.suspects) == ("no-leak", [])


HUB = """
import types

app = types.ModuleType("app")
app.__file__ = str(Path.cwd() / "elsewhere" / "app.py")
names = "".join(f"        self.part{n} = []\\n" for n in range(600))
source = "class Hub:\\n    def __init__(self):\\n" + names + "hub = Hub()\\n"
exec(compile(source, app.__file__, "exec"), vars(app))
sys.modules["app"] = app
found = []
for turn in range(3):
    found.append(take(requests={"page": 100 * (turn + 1)}).id)
    for n in range(600):
        getattr(app.hub, f"part{n}").append((turn, str(n)))

from flask_heapview.reports.queries import judge_in_words
report = judge_in_words([store.load(i) for i in found])
say(verdict=report.verdict, summary=report.summary)
"""


@pytest.mark.skipif(NativeEngine.why_not() is not None, reason=NativeEngine.why_not() or "")
def test_a_real_heap_that_grows_in_many_small_places() -> None:
    found = alone(HUB)
    assert found["verdict"] == "inconclusive"
    assert "have no owner that grows" in found["summary"]
    assert "most of them below app.hub" in found["summary"]
