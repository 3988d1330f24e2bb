"""Every page of a leaking, an empty, a huge and a real service, in every window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ..helpers import PREFIX, needs, why_not_portable
from ..live_server import Server
from .places import done, every_place, stored_places
from .services import SERVICES
from .tour import STOPS, opinion
from .windows import EVERY_WINDOW, EVERYTHING, SOME_WINDOWS, faults, open_window

MAX_BYTES = 500_000  # of a page with its tables of 200 rows, and a picture
QUICK = {"empty": ("overview", "report", "view-cycles")}
# what an overview's forms lead to, by the button
LED_TO = ("What would it give back?", "Release free memory now", "Collect garbage now")


@pytest.fixture(
    scope="module",
    params=[
        "empty",
        *(pytest.param(name, marks=pytest.mark.slow) for name in SERVICES if name != "empty"),
    ],
)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Server]]:
    name: str = request.param
    with SERVICES[name](tmp_path_factory.mktemp(name)) as made:
        yield name, made


@pytest.fixture
def page(browser: Any, served: tuple[str, Server]) -> Iterator[Any]:
    clipboard = ["clipboard-read", "clipboard-write"]
    made = open_window(browser, f"http://127.0.0.1:{served[1].port}", permissions=clipboard)
    yield made
    made.context.close()


def wrong(page: Any, name: str) -> list[str]:
    """What is wrong with the page that is open."""
    windows = EVERY_WINDOW if name == "leaky" else SOME_WINDOWS
    found = faults(page, windows if EVERYTHING else ((320, "light"),)) + page.problems
    page.problems.clear()
    return found


def test_every_page_fits_and_keeps_nobody_out(page: Any, served: tuple[str, Server]) -> None:
    name, server = served
    places = every_place(server) if EVERYTHING else stored_places(done(server))
    found = {}
    for place in places if EVERYTHING else QUICK[name]:
        size = len(page.goto(PREFIX + places[place]).body())
        found[place] = [f"{size:,} bytes"] if size > MAX_BYTES else []
        found[place] += wrong(page, name)
    assert {place: faults for place, faults in found.items() if faults} == {}


@pytest.mark.slow
@pytest.mark.parametrize("button", LED_TO)
def test_what_the_forms_lead_to(page: Any, served: tuple[str, Server], button: str) -> None:
    page.goto(f"{PREFIX}/")
    page.locator("summary", has_text="More: collect garbage").click()
    page.get_by_role("button", name=button).click()
    page.wait_for_selector("a.button:has-text('Back to the overview')")
    assert wrong(page, served[0]) == []


@pytest.mark.slow
@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.__name__)
def test_what_people_do(
    page: Any, served: tuple[str, Server], stop: Callable[[Any, Server], None]
) -> None:
    needs(served[0] != "empty", "an empty service has nothing to work on")
    stop(page, served[1])
    assert page.problems == []


@pytest.mark.slow
def test_a_second_opinion(page: Any, served: tuple[str, Server]) -> None:
    needs(served[0] == "leaky", "the portable engine takes minutes for millions of objects")
    needs(why_not_portable() is None, str(why_not_portable()))
    opinion(page, served[1])
    assert page.problems == []
