"""When the limit is hit, in words."""

from __future__ import annotations

import pytest

from flask_heapview.model.history import Bound, Forecast, History
from flask_heapview.render.sentences.forecast import forecast_text

HOUR = 3600


def said(soonest: float, latest: float, bound: Bound = "container", workers: int = 1) -> str:
    found = Forecast(2000, 100, 2 * HOUR, 20 * HOUR, soonest * HOUR, latest * HOUR)
    history = History(bound=bound, left=1, limit=512_000_000, forecast=found)
    return forecast_text(history, workers)


def test_the_range_is_told() -> None:
    assert said(15, 30) == (
        "At the rate of the last 2 hours, 7.2 MB an hour, the container's limit of 512.0 MB is hit "
        "in 20 hours (15 hours to 30 hours)."
    )


@pytest.mark.parametrize(
    ("soonest", "latest", "end"),
    [
        (19, 21, "in 20 hours."),
        (10, 2000, "in 20 hours, at the earliest in 10 hours."),
    ],
)
def test_narrow_and_wide(soonest: float, latest: float, end: str) -> None:
    assert said(soonest, latest).endswith(end)


def test_without_a_limit_and_with_several_workers() -> None:
    assert "the memory of the machine is used up in 20 hours" in said(15, 30, "machine")
    assert said(19, 21, workers=4).endswith(" If all 4 workers grow so, in 5 hours.")


def test_nothing_is_known() -> None:
    assert forecast_text(History()) == ""
