"""One leak that shows at several places is one suspect."""

from __future__ import annotations

from typing import Any

import pytest

from flask_heapview.analysis.finding import Finding, merge
from flask_heapview.model.facts import ContainerGrew, SameGrowthAt
from flask_heapview.model.ownership import Site


def suspect(path: str | None, *steps: float, **more: Any) -> Finding:
    objects = sum(steps)
    kind = more.pop("growing", "app.Order")
    found = Finding(
        cause="unbounded-container",
        confidence=0.9,
        summary=ContainerGrew(
            path=path or "",
            type="list",
            entries=round(objects),
            bytes=round(objects),
            requests=300,
            entries_removed=False,
        ),
        path=path,
        type="list",
        growing=kind,
        objects=objects,
        bytes=objects,
        per_request=1,
        sites=[],
        evidence=[],
        steps=list(steps),
    )
    for name, value in more.items():
        setattr(found, name, value)
    return found


def left(*findings: Finding) -> list[str | None]:
    return [found.path for found in merge(findings, 300)]


STRONG = ("app.orders", 100, 102)


def test_what_refers_weakly_goes_with_what_is_kept() -> None:
    weak = suspect("app.register", 95, 99, growing="weakref.KeyedRef", confidence=0.95, app=True)
    (one,) = merge([weak, suspect(*STRONG, app=True)], 300)
    assert one.path == "app.orders"
    assert SameGrowthAt(paths=["app.register"]) in one.evidence


@pytest.mark.parametrize("steps", [(30, 40), (300, 330)])
def test_weak_references_to_other_things_are_a_suspect(steps: tuple[int, int]) -> None:
    weak = suspect("app.register", *steps, growing="weakref.ReferenceType", app=True)
    assert set(left(weak, suspect(*STRONG, app=True))) == {"app.register", "app.orders"}


def test_two_containers_of_the_app_are_two_leaks() -> None:
    other = suspect("app.names", 100, 102, app=True)
    assert set(left(other, suspect(*STRONG, app=True))) == {"app.names", "app.orders"}


@pytest.mark.parametrize("times", [1, 2, 4])
def test_what_c_holds_for_each_thread_goes_with_the_threads(times: int) -> None:
    threads = suspect("threading._active", 50, 51, cause="thread")
    held = suspect(
        None, 50 * times, 51 * times, growing="method", cause="uncollectable", confidence=0.95
    )
    assert left(held, threads) == ["threading._active"]


@pytest.mark.parametrize("steps", [(75, 75), (500, 510), (50, 100)])
def test_what_c_holds_beside_them_does_not(steps: tuple[int, int]) -> None:
    threads = suspect("threading._active", 50, 51, cause="thread")
    held = suspect(None, *steps, growing="method", cause="uncollectable")
    assert left(held, threads) == ["threading._active", None]


def test_what_is_inside_of_a_suspect_is_its_part() -> None:
    inner = suspect("app.orders[item].lines", 70, 230, confidence=0.95, app=True)
    (one,) = merge([inner, suspect(*STRONG, app=True, confidence=0.6)], 300)
    assert one.path == "app.orders"
    assert one.confidence == 0.95


def test_a_name_that_begins_alike_is_another() -> None:
    site = Site(file="/srv/app.py", line=1, function="f", size=1, endpoint="a")
    other = suspect("app.orders_of_today", 20, 20, app=True, sites=[site])
    assert set(left(other, suspect(*STRONG, app=True))) == {"app.orders", "app.orders_of_today"}
