"""The report as a terminal shows it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flask_heapview.model.report import PerRequest, Report
from flask_heapview.render import text

from .test_ci_formats import FINE, LEAK


def leaving(objects: float) -> Report:
    """The report, if each request left so many objects."""
    (suspect,) = LEAK.suspects
    growing = replace(suspect.growing, per_request=PerRequest(objects, 20_000))
    return replace(LEAK, suspects=[replace(suspect, growing=growing)])


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        (1.0, "- 1 object and 20.0 kB per request"),
        (15.5533, "- 15.55 objects and 20.0 kB per request"),
        (0.0, "- 0 objects and 20.0 kB per request"),
    ],
)
def test_a_rate_has_no_more_figures_than_it_means(objects: float, words: str) -> None:
    assert words in text.render(leaving(objects))


def test_advice_that_is_the_remedy_is_said_once() -> None:
    (suspect,) = LEAK.suspects
    again = replace(LEAK, advice=suspect.remedy)
    assert " ".join(text.render(again).split()).count(suspect.remedy) == 1
    assert FINE.advice in " ".join(text.render(FINE).split())
