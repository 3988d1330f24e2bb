"""Every page on paper: dark on white, nothing to click, all that is folded open, no table cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ..helpers import PREFIX
from ..live_server import Server, serving
from .apps import LEAKY
from .places import done, every_place
from .windows import EVERYTHING, open_window

PAPER = {"width": 703, "height": 1032}  # pixels of A4 within the margins
TO_CLICK = "nav.tabs, .tools, .pager, button, .button, input, select, .top"
CUT = """() => [document.documentElement, ...document.querySelectorAll(".scroll")]
  .map((one) => one.scrollWidth - one.clientWidth).filter((over) => over > 0)"""
COLOURS = """() => { const style = getComputedStyle(document.body);
  return [style.color, style.backgroundColor, style.colorScheme]; }"""
# pages that show all sorts of parts; make test-all looks at every page
MOST_TELLING = ("overview", "report", "ticket-github", "view-gc", "diff-ownership", "object")
WHITE_OR_NONE = ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("print"), LEAKY, "gthread", "--threads", "4") as made:
        for kind in ("ownership", "graph"):
            for number in range(60):
                made.get(f"/leak/{number}")
            made.capture(kind=kind)
        yield made


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    """A window of somebody who likes it dark, as wide as paper."""
    address = f"http://127.0.0.1:{server.port}"
    made = open_window(browser, address, color_scheme="dark", viewport=PAPER)
    yield made
    made.context.close()


def brightness(colour: str) -> int:
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3])


def test_every_page_on_paper(page: Any, server: Server) -> None:
    wrong, places = {}, every_place(server)
    for name in places if EVERYTHING else MOST_TELLING:
        page.emulate_media(media="screen")
        page.goto(PREFIX + places[name])
        assert brightness(page.evaluate(COLOURS)[0]) > 500, "it is dark on the screen"
        page.emulate_media(media="print")
        ink, ground, scheme = page.evaluate(COLOURS)
        clickable = page.locator(TO_CLICK).locator("visible=true").count()
        cut = page.evaluate(CUT)
        readable = brightness(ink) < 200 and ground in WHITE_OR_NONE and scheme == "light"
        if clickable or cut or not readable:
            wrong[name] = (clickable, cut, ink, ground)
    assert wrong == {}
    assert page.problems == []


def test_what_is_folded_is_open_on_paper(page: Any, server: Server) -> None:
    page.goto(f"{PREFIX}/snapshots/{done(server)[-1]}/cycles")
    steps = page.locator("figure.ring details li").first
    assert not steps.is_visible()
    page.emulate_media(media="print")
    assert steps.is_visible()


def test_all_of_a_ticket_is_printed(page: Any, server: Server) -> None:
    page.goto(PREFIX + every_place(server)["ticket-github"])
    page.emulate_media(media="print")
    height, shown = page.locator("#ticket").evaluate("one => [one.scrollHeight, one.clientHeight]")
    assert height <= shown


def test_a_file_of_it(page: Any, server: Server) -> None:
    page.goto(PREFIX + every_place(server)["report"])
    made = page.pdf(format="A4")
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) in (1, 2, 3)
