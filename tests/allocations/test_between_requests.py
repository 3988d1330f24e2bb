"""Whose request it was, told by all samples of one site."""

from __future__ import annotations

import pytest

from flask_heapview.allocations.between_requests import BetweenRequests
from flask_heapview.allocations.samples import NONE, LiveSample, SampledTraceback
from flask_heapview.model.ownership import Site
from flask_heapview.request_context import OWN

from ..sampled import samples_of

PLACES = {
    "server": [("/site/gunicorn/http/wsgi.py", "create", 3)],
    "middleware": [("/srv/app.py", "middleware", 9), ("/site/gunicorn/sync.py", "handle", 2)],
    "session": [("/srv/app.py", "load", 5), ("/site/flask/app.py", "wsgi_app", 7)],
    "teardown": [
        ("/srv/app.py", "end", 5),
        ("/site/flask/ctx.py", "pop", 7),
        ("/site/flask/app.py", "wsgi_app", 7),
    ],
}
SITE = Site(file="/srv/app.py", line=9, function="middleware", size=0, endpoint=None)
TAGS = [("", 0), ("endpoint a", 90), ("endpoint b", 90), ("thread t", 0), (f"endpoint {OWN}", 5)]
A, B, OURS = 1, 2, 4


def sides(where: str, ends: list[tuple[int, int]], site: Site = SITE) -> tuple[object, object]:
    """The side that was found, and the endpoint of the first sample on it."""
    entry = SampledTraceback("thread t", PLACES[where], 1, 1, False, 0)
    live = [LiveSample(4096, 512.0, 0, NONE, NONE, 1, 1, 0, last, after) for last, after in ends]
    between = BetweenRequests(samples_of([entry], live, TAGS))
    side = between.sides(live, lambda _: site).get(site)
    return side, None if side is None else between.endpoint(live[0], side)


@pytest.mark.parametrize("where", ["server", "middleware"])
def test_all_samples_agree_on_the_guilty_side(where: str) -> None:
    assert sides(where, [(A, B), (B, B), (A, B)]) == ("next", "b")
    assert sides(where, [(A, B), (A, A), (A, B)]) == ("last", "a")


def test_where_both_sides_agree_nobody_can_tell() -> None:
    assert sides("middleware", [(A, B), (A, B)]) == (None, None)
    assert sides("middleware", [(A, A), (A, A)]) == ("next", "a")


def test_before_the_first_request_modules_are_imported() -> None:
    assert sides("middleware", [(0, A), (0, B)]) == (None, None)
    assert sides("session", [(0, A)]) == ("next", "a")


def test_a_task_beside_the_requests_is_none_of_them() -> None:
    assert sides("middleware", [(A, B), (B, A), (A, A), (B, B)]) == (None, None)


def test_flask_s_own_functions_tell_it() -> None:
    assert sides("session", [(A, B)]) == ("next", "b")
    assert sides("teardown", [(A, B)]) == ("last", "a")


def test_what_no_request_came_after_has_none() -> None:
    assert sides("middleware", [(0, 0)]) == (None, None)
    assert sides("session", [(A, OURS)]) == ("next", None)


def test_what_has_an_endpoint_keeps_it() -> None:
    served = Site(file="/srv/app.py", line=9, function="view", size=0, endpoint="a")
    assert sides("middleware", [(B, B)], served) == (None, None)
