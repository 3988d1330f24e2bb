"""Tables and the treemap in real Chromium: filter, copy, pages, keys, and a phone."""

from __future__ import annotations

import lzma
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import BaseWSGIServer, make_server

from flask_heapview.store.snapshots import Store
from flask_heapview.web.offline import offline_app

from ..helpers import TOKEN, answered_here

WRITTEN = Path(__file__).parents[1] / "store" / "snapshots_0_1_0"


class Shop:
    """Pages on the stored snapshots of a tiny shop."""

    def __init__(self, server: BaseWSGIServer, ids: dict[str, str]) -> None:
        self.address, self.ids = f"http://127.0.0.1:{server.port}", ids

    def view(self, name: str) -> str:
        return f"/snapshots/{self.ids['after']}/{name}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    store = Store(tmp_path_factory.mktemp("tables") / "heapview")
    home = store.open()
    for path in WRITTEN.glob("*.snapshot.xz"):
        (home / path.stem).write_bytes(lzma.decompress(path.read_bytes()))
    app = offline_app(store.directory, TOKEN, [])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with answered_here():
        yield Shop(server, {info.label: info.id for info in store.listing()})
    server.shutdown()
    thread.join(10)


@pytest.fixture(scope="module")
def context(browser: Any, shop: Shop) -> Iterator[Any]:
    """A window that is signed in."""
    made = browser.new_context(
        base_url=shop.address, permissions=["clipboard-read", "clipboard-write"]
    )
    page = made.new_page()
    page.goto(f"/login#token={TOKEN}")
    page.wait_for_selector("h1:has-text('Snapshots')")
    page.close()
    yield made
    made.close()


@pytest.fixture
def page(context: Any) -> Iterator[Any]:
    made = context.new_page()
    problems: list[str] = []
    made.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    made.on("pageerror", lambda error: problems.append(str(error)))
    yield made
    assert problems == []
    made.close()


def shown(page: Any) -> list[str]:
    """The names in the first table that are not filtered out."""
    rows = page.locator("section.table").first.locator("tbody tr:not([hidden])")
    names = "rows => rows.map((row) => row.cells[0].firstChild.textContent.trim())"
    found: list[str] = rows.evaluate_all(names)
    return found


def test_rows_are_filtered_as_one_types_and_all_are_searched_on_enter(
    page: Any, shop: Shop
) -> None:
    page.goto(shop.view("heap"))
    count = page.locator(".count").first
    before = count.inner_text()
    assert before.startswith("Rows 1–200 of ")
    page.get_by_role("searchbox").fill("DICT")
    left = shown(page)
    assert "dict" in left
    assert all("dict" in name.lower() for name in left)
    assert count.inner_text().startswith(f"{len(left)} of 200 rows on this page. Press Enter")
    page.get_by_role("searchbox").fill("")
    assert (len(shown(page)), count.inner_text()) == (200, before)
    page.get_by_role("searchbox").fill("dict")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=dict**")
    assert set(shown(page)) >= set(left)


def test_pages(page: Any, shop: Shop) -> None:
    page.goto(shop.view("heap"))
    first = shown(page)
    pager = page.get_by_role("navigation", name="Pages: By type")
    pager.get_by_role("link", name="Next").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".count:has-text('Rows 201–')")
    assert not set(shown(page)) & set(first)
    pager.get_by_role("link", name="Show all").click()
    page.wait_for_selector(".pager:has-text('Fewer')")
    assert shown(page)[:200] == first


def test_what_is_shown_is_copied_with_figures_at_the_right(page: Any, shop: Shop) -> None:
    page.goto(shop.view("heap"))
    page.get_by_role("searchbox").fill("ordereddict")
    button = page.get_by_role("button", name="Copy as Markdown")
    for broken in (False, True):
        if broken:  # as on an address without TLS
            page.evaluate(
                "() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }"
            )
        button.click()
        page.wait_for_selector(".count:has-text('copied as Markdown')")
        lines = page.evaluate("navigator.clipboard.readText()").splitlines()
        assert lines[0] == "| Type | Objects | Shallow size | Share | Tracked by gc |"
        assert lines[1] == "| --- | ---: | ---: | ---: | ---: |"
        assert [line.split(" | ")[0] for line in lines[2:]] == [f"| `{n}`" for n in shown(page)]
        assert button.evaluate("button => button === document.activeElement")


def test_keys_go_from_the_search_through_the_rows(page: Any, shop: Shop) -> None:
    page.goto(shop.view("heap"))
    focused = "document.activeElement.textContent"
    page.get_by_role("searchbox").focus()
    names, went = shown(page), []
    for key in ("ArrowDown", "ArrowDown", "End", "Home"):
        page.keyboard.press(key)
        went.append(names.index(page.evaluate(focused)))
    last = len(names) - 1
    assert went[:2] == [0, 1]
    assert last - 5 < went[2] <= last  # the last that leads anywhere
    assert went[3] == 0
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("h2:has-text('Who holds objects of this type')")


def test_a_whole_table_is_sorted_at_once_as_the_server_would(page: Any, shop: Shop) -> None:
    page.goto(shop.view("caches"))
    page.evaluate("window.same = true")
    for heading, state in (("Entries", "descending"), ("Entries", "ascending")):
        page.locator(f"th a:text-is('{heading}')").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f"th[aria-sort^={state}]:has-text('{heading}')")
        here = shown(page)
        assert page.evaluate("window.same")
        again = page.context.new_page()
        again.goto(page.url)
        entries = again.locator("tbody tr").count()
        assert (len(here), here) == (entries, shown(again))
        again.close()


def test_the_treemap(page: Any, shop: Shop) -> None:
    page.goto(shop.view("heap"))
    tiles, said = page.locator("#treemap a"), page.locator("#treemap .said")
    tiles.first.focus()
    largest = said.inner_text()
    assert ", held by " in largest
    page.keyboard.press("ArrowRight")
    assert said.inner_text() != largest
    page.keyboard.press("ArrowLeft")
    assert said.inner_text() == largest
    # not what the tree has merged
    of_type = page.locator("#treemap a[href*='only=type']").first
    of_type.focus()
    kind = said.inner_text().partition(":")[0]
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Only the type")
    assert shown(page) == [kind]
    assert "Each tile is an owner." in page.locator("#treemap figcaption").inner_text()


def test_no_figure_is_cut_off_on_a_phone(page: Any, shop: Shop) -> None:
    right = "cells => Math.max(...cells.map((cell) => cell.getBoundingClientRect().right))"
    for name in ("allocations", "caches"):
        page.goto(shop.view(name))
        for width in (320, 420):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.locator("table.rows td").evaluate_all(right) <= width, name
            assert page.evaluate("document.documentElement.scrollWidth") <= width
