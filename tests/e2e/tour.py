"""What people do on the pages: each stop uses one part of them, and fails if that does not work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..helpers import PREFIX
from ..live_server import Server
from .places import done, every_place

ROWS = "section.table tbody tr:not([hidden])"
IN_ROWS = "document.activeElement.closest('section.table tbody') !== null"


def _names(page: Any) -> list[str]:
    found: list[str] = page.locator(ROWS).locator("td:first-child").all_inner_texts()
    return found


def tables(page: Any, server: Server) -> None:
    """Filter as one types, search all, sort, pages, copy, arrow keys."""
    page.goto(f"{PREFIX}/snapshots/{done(server)[-1]}/heap")
    count = page.locator(".count").first
    said = count.inner_text()
    page.get_by_role("searchbox").fill("dict")
    names = _names(page)
    assert names
    assert all("dict" in name.lower() for name in names)
    assert "rows" in count.inner_text()
    page.get_by_role("searchbox").fill("")
    assert count.inner_text() == said
    page.locator("thead a", has_text="Objects").first.click()
    page.wait_for_selector("th[aria-sort=descending]:has-text('Objects')")
    first = _names(page)
    page.get_by_role("link", name="Next").first.click()
    page.wait_for_selector(".pager:has-text('page 2 of')")
    assert len(set(first) & set(_names(page))) < len(first) / 10  # two types may share a name
    page.get_by_role("searchbox").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(IN_ROWS)
    page.get_by_role("button", name="Copy as Markdown").first.click()
    page.wait_for_selector(".count:has-text('copied as Markdown')")
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert len(copied) == len(_names(page)) + 2


def all_rows(page: Any, server: Server) -> None:
    """As many rows as a page has at most are filtered before anybody has typed the next letter."""
    page.goto(f"{PREFIX}/snapshots/{done(server)[-1]}/heap?all=1")
    spent = page.evaluate(
        """() => { const typed = document.getElementById("q"), began = performance.now();
        typed.value = "e"; typed.dispatchEvent(new Event("input")); document.body.offsetHeight;
        return performance.now() - began; }"""
    )
    print(f"{page.locator('tbody tr').count():,} rows are filtered in {spent:.0f} ms")
    assert 0 < len(page.locator(ROWS).all()) <= 5000


def flame(page: Any, server: Server) -> None:
    """Keys, zoom, back, search with its share, and a link that reopens the same place."""
    page.goto(f"{PREFIX}/snapshots/{done(server)[-1]}/ownership")
    whole = page.url
    parts, said = page.locator("#icicle a"), page.locator("#icicle .said")
    parts.first.focus()
    page.keyboard.press("ArrowDown")
    widest = said.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**node=*")
    below = page.locator(".crumbs code").last.inner_text()
    assert widest.startswith(below), (widest, below)
    again = page.context.new_page()
    again.goto(page.url)
    assert again.locator(".crumbs code").last.inner_text() == below
    again.close()
    page.go_back()
    page.wait_for_url(whole)
    page.get_by_role("searchbox").fill(below)
    assert page.locator("#icicle rect.found").count() >= 1
    page.keyboard.press("Enter")
    page.wait_for_selector("#icicle .key.found:has-text('%')")


def treemap(page: Any, server: Server) -> None:
    """Keys, and the way into a type."""
    page.goto(f"{PREFIX}/snapshots/{done(server)[-1]}/heap")
    tiles, said = page.locator("#treemap a"), page.locator("#treemap .said")
    tiles.first.focus()
    first = said.inner_text()
    page.keyboard.press("ArrowRight")
    assert said.inner_text() != first
    # of 20,000 types the largest tile may be what is too small for one, which leads to the table
    page.locator("#treemap a:not([href^='#'])").first.focus()
    largest = said.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"text=Only the type {largest.partition(': ')[0]}")


def graph(page: Any, server: Server) -> None:
    """From an object along its path, to what would be free without a reference."""
    page.goto(PREFIX + every_place(server)["object"])
    steps = page.get_by_role("list", name="Path from a root").get_by_role("listitem")
    assert steps.count() >= 2
    name = page.locator("h1").inner_text()
    page.get_by_role("button", name="Cut it here").click()
    page.wait_for_url("**/cut?referrer=*")
    assert "would be free" in page.locator("h1").inner_text()
    page.go_back()
    page.wait_for_selector("h2:has-text('Path from a root')")
    assert page.locator("h1").inner_text() == name


def cycles(page: Any, server: Server) -> None:
    """A ring, and the same as a list."""
    page.goto(f"{PREFIX}/snapshots/{done(server)[-1]}/cycles")
    ring = page.locator("figure.ring").first
    ring.locator("summary").click()
    listed = ring.locator("ol li code").all_inner_texts()
    assert ring.locator("text.type").first.text_content() in listed


def ticket(page: Any, server: Server) -> None:
    """Each markup, copied as it is shown."""
    first, last = done(server)[0], done(server)[-1]
    page.goto(f"{PREFIX}/report?base={first}&target={last}")
    page.get_by_role("link", name="Make a ticket").click()
    for name in ("GitLab", "Jira", "GitHub"):
        page.get_by_role("group", name="Markup").get_by_role("link", name=name).click()
        page.wait_for_selector(f"h1:has-text('A ticket for {name}')")
        page.get_by_role("button", name="Copy").click()
        page.wait_for_selector("#copied:has-text('Copied.')")
        shown = page.get_by_label("Text of the ticket").input_value()
        assert page.evaluate("navigator.clipboard.readText()") == shown


def exports(page: Any, server: Server) -> None:
    """Each link to a file gives one that is not empty."""
    page.goto(f"{PREFIX}/snapshots/{done(server)[-1]}/ownership")
    links = page.locator("p:has-text('Download for') a, a:text-is('CSV'), a[download]")
    assert links.count() >= 5
    for link in links.all():
        with page.expect_download() as waiting:
            link.click()
        assert Path(waiting.value.path()).stat().st_size > 100


def opinion(page: Any, server: Server) -> None:
    """The other engine is asked, and stands beside the first one's answer."""
    page.goto(f"{PREFIX}/snapshots/{done(server)[-1]}/heap")
    page.get_by_role("button", name="Ask the portable engine now").click()
    page.wait_for_selector("[aria-label='The two captures']", timeout=120_000)
    rows = page.locator("[aria-label='The two captures'] tbody tr")
    assert [row.split()[0].rstrip(",") for row in rows.all_inner_texts()] == ["native", "portable"]


STOPS = (tables, all_rows, flame, treemap, graph, cycles, ticket, exports)
