"""Real Chromium on the real pages: sign in, capture with progress, compare, report, download."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..helpers import PREFIX, TOKEN, wait_until
from ..live_server import Server, Traffic, serving
from .apps import LEAKY
from .places import done
from .windows import violations

SHOTS = os.environ.get("HEAPVIEW_SHOTS")  # a directory, to look at every page
SIZES = {"narrow": (400, 900), "wide": (2000, 1100)}
ALIKE = {"exclude": [["tbody tr:nth-child(n+8)"], ["figure a:nth-child(n+8)"]]}  # as those before
# pages that show all sorts of parts; make test-all looks at every page
MOST_TELLING = (
    "overview",
    "report",
    "ticket",
    "view-heap",
    "view-cycles",
    "view-gc",
    "diff-process",
)
OTHER_WINDOWS = (("wide", "dark"), ("narrow", "light"))  # make test-all has them


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("browser")
    with serving(home, LEAKY, "gthread", "--threads", "4") as made:
        yield made


def open_page(browser: Any, server: Server, **options: Any) -> Any:
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}", **options)
    page = context.new_page()
    page.problems = []
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    return page


def sign_in(page: Any) -> None:
    page.goto(f"{PREFIX}/")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#capture")


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def take(page: Any, server: Server, label: str) -> None:
    """Presses Capture, sees progress, and waits for the end of it."""
    page.get_by_label("Label").fill(label)
    with Traffic(server, "/fine/{i}") as traffic:
        page.get_by_role("button", name="Capture", exact=True).click()
        bar = page.wait_for_selector("#progress progress")
        wait_until(lambda: bar.evaluate("bar => bar.value") > 0, 30, "progress")
        shot(page, f"capturing-{label}")
        page.wait_for_selector("#progress", state="detached", timeout=60_000)
    assert traffic.failed == 0
    assert traffic.answered > 0


def test_from_sign_in_to_download(browser: Any, server: Server, tmp_path: Path) -> None:
    page = open_page(browser, server, permissions=["clipboard-read", "clipboard-write"])
    sign_in(page)
    shot(page, "overview-empty")
    assert "Take a first snapshot" in page.locator("h1").inner_text()
    page.get_by_role("button", name="Exact").click()
    page.wait_for_selector("text=tracemalloc is on")
    page.get_by_role("button", name="Sample").click()
    page.wait_for_selector("text=Estimates who allocates")
    for turn, label in enumerate(("before", "between", "after")):
        take(page, server, label)
        for number in range(60):
            server.get(f"/leak/{1000 * turn + number}")
    page.wait_for_selector("h1:has-text('It leaks: dict app.kept gained')", timeout=120_000)
    shot(page, "overview-full")
    assert page.locator(".history a circle").count() == 3
    page.set_viewport_size({"width": 1280, "height": 800})
    for name in ("Line", "Endpoint"):  # who, where and during what: on the first screen
        told = page.locator(f".suspects article dt:text-is('{name}') + dd").first.bounding_box()
        assert told["y"] + told["height"] <= 800, name
    page.get_by_role("link", name="See the evidence").click()
    page.wait_for_selector(".verdict")
    shot(page, "report")
    assert page.locator(".badge").inner_text() == "Leak"
    assert page.locator(".suspect .mark").first.inner_text() == "app.kept"
    assert "leak" in page.locator(".suspect dt:text-is('Endpoint') + dd").first.inner_text()
    assert page.locator(".suspect svg.births").first.is_visible()
    page.get_by_role("link", name="Make a ticket").click()
    shot(page, "ticket")
    page.get_by_role("button", name="Copy").click()
    page.wait_for_selector("#copied:has-text('Copied.')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("Text of the ticket").input_value()
    assert "└─ .kept" in copied
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download JSON").click()
    page.go_back()
    report = json.loads(Path(waiting.value.path()).read_text())
    assert report["suspects"][0]["holder"]["path"] == "app.kept"
    for name in ("Ownership", "Heap", "Caches", "Cycles", "Allocations", "Resources", "Collector"):
        page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()
        page.wait_for_selector("h1:has-text('what changed')")
        shot(page, f"diff-{name.lower()}")
    assert page.problems == []
    page.context.close()


def test_drilling_down_sorting_and_searching(browser: Any, server: Server) -> None:
    page = open_page(browser, server)
    sign_in(page)
    page.locator("#compare a", has_text="after").click()
    page.wait_for_selector("h1:has-text('Ownership')")
    page.get_by_role("searchbox").fill("app")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="app", exact=True).click()
    page.get_by_role("link", name=".kept", exact=True).click()
    page.wait_for_selector(".crumbs:has-text('app')")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Heap").click()
    # a click returns before the next page is there: each step waits for what it expects
    page.wait_for_selector("h1:has-text('Heap')")
    page.locator("thead").get_by_role("link", name="Objects").click()
    page.wait_for_selector("th[aria-sort=descending]:has-text('Objects')")
    page.locator("thead").get_by_role("link", name="Objects").click()
    page.wait_for_selector("th[aria-sort=ascending]:has-text('Objects')")
    assert page.problems == []
    page.context.close()


def test_the_picture_of_a_tree(browser: Any, server: Server) -> None:
    page = open_page(browser, server)
    sign_in(page)
    page.locator("#compare a", has_text="after").click()
    page.wait_for_selector("h1:has-text('Ownership')")
    shot(page, "picture")
    parts, said = page.locator("#icicle a"), page.locator("#icicle .said")
    parts.first.focus()
    assert said.inner_text().startswith("all: ")
    page.keyboard.press("ArrowDown")
    widest = said.inner_text()
    assert "of the memory shown" in widest
    page.keyboard.press("ArrowUp")
    assert said.inner_text().startswith("all: ")
    page.get_by_role("searchbox").fill("kept")
    assert page.locator("#icicle rect.found").count() >= 1
    page.keyboard.press("Enter")
    page.wait_for_selector("#icicle .key.found:has-text('kept')")
    before = page.url
    part = page.locator("#icicle a:has(title:text-matches('^.kept '))")
    part.click()
    page.wait_for_selector(".crumbs:has-text('.kept')")
    shot(page, "picture-below")
    page.go_back()
    page.wait_for_url(before)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Allocations").click()
    page.wait_for_selector("h1:has-text('Allocations')")
    shot(page, "picture-allocations")
    page.locator("#icicle a").nth(1).click()
    page.wait_for_selector(".pills [aria-current]:has-text('traceback')")
    assert page.problems == []
    page.context.close()


def test_the_fragment_signs_in_and_leaves_no_trace(browser: Any, server: Server) -> None:
    page = open_page(browser, server)
    page.goto(f"{PREFIX}/login#token={TOKEN}")
    page.wait_for_selector("#capture")
    assert TOKEN not in page.url
    assert TOKEN not in server.log.read_text()
    assert page.evaluate("document.cookie") == ""
    page.context.close()


def test_without_javascript_everything_but_live_progress_works(
    browser: Any, server: Server
) -> None:
    page = open_page(browser, server, java_script_enabled=False)
    sign_in(page)
    page.get_by_role("button", name="Capture", exact=True).click()
    page.wait_for_selector("#progress")
    page.wait_for_selector("#progress", state="detached", timeout=60_000)
    page.wait_for_selector("input[name=base]")
    page.locator("input[name=base]").last.check()
    page.locator("input[name=target]").first.check()
    page.get_by_role("button", name="Compare selected").click()
    page.wait_for_selector(".verdict")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_selector("text=Enter the token")
    page.context.close()


def every_page(server: Server) -> dict[str, str]:
    """The addresses of all kinds of pages, by name."""
    ids = done(server)
    while len(ids) < 2:  # where no test before has taken any
        server.capture()
        for number in range(20):
            server.get(f"/fine/{number}")
        ids = done(server)
    first, last = ids[0], ids[-1]
    pair = f"base={first}&target={last}"
    names = ["ownership", "heap", "caches", "cycles", "allocations", "native", "resources", "gc"]
    names.append("process")
    pages = {"overview": "/", "report": f"/report?{pair}", "missing": "/report?target=nothing"}
    pages |= {"service-report": "/report/service", "across": "/across"}
    pages |= {"ticket": f"/report/ticket?{pair}"}
    pages |= {f"view-{name}": f"/snapshots/{last}/{name}" for name in names}
    return pages | {f"diff-{name}": f"/compare/{name}?{pair}" for name in names}


def shown(browser: Any, server: Server, size: str, scheme: str) -> Any:
    """A page in that window, signed in."""
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    page = open_page(browser, server, color_scheme=scheme, viewport=viewport)
    page.goto(f"{PREFIX}/login")
    shot(page, f"login-{size}-{scheme}")
    sign_in(page)
    return page


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        *(("wide", "light"), ("narrow", "dark")),
        *(pytest.param(*rest, marks=pytest.mark.slow) for rest in OTHER_WINDOWS),
    ],
)
def test_every_page_fits_its_window(browser: Any, server: Server, scheme: str, size: str) -> None:
    page = shown(browser, server, size, scheme)
    for name, path in every_page(server).items():
        page.goto(PREFIX + path)
        shot(page, f"{name}-{size}-{scheme}")
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{name} is {overflow} px too wide in a {size} window"
    page.context.close()


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        ("narrow", "light"),
        *(
            pytest.param(*rest, marks=pytest.mark.slow)
            for rest in (("narrow", "dark"), ("wide", "light"), ("wide", "dark"))
        ),
    ],
)
def test_nobody_is_kept_out(browser: Any, server: Server, scheme: str, size: str) -> None:
    page = shown(browser, server, size, scheme)
    pages, kept_out = every_page(server), {}
    for name in pages if os.environ.get("HEAPVIEW_SLOW") else MOST_TELLING:
        page.goto(PREFIX + pages[name])
        kept_out[name] = violations(page, ALIKE)
    assert {name: found for name, found in kept_out.items() if found} == {}
    page.context.close()
