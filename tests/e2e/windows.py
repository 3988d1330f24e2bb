"""Windows of a real Chromium that write down whatever must not happen in them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import Any

from ..helpers import PREFIX, TOKEN

WIDTHS = (320, 768, 1920, 3840)
SCHEMES = ("light", "dark")
EVERY_WINDOW = tuple(itertools.product(WIDTHS, SCHEMES))
SOME_WINDOWS = ((320, "dark"), (768, "light"), (1920, "dark"), (3840, "light"))
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = bool(os.environ.get("HEAPVIEW_SLOW"))

# our own policy does not bind what the browser's driver adds
_TELL = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"""
# rows and parts of pictures as those before: axe-core would look at each of a thousand
_FEWER = """document.querySelectorAll("tbody tr:nth-child(n+8), figure a:nth-child(n+8)")
  .forEach((one) => one.remove())"""
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def open_window(browser: Any, address: str, prefix: str = PREFIX, **options: Any) -> Any:
    """A page that is signed in. Its `problems` are what no page of ours may do.

    That is: an error, a dialog, what the policy forbids, and a request to somewhere else.
    """
    context = browser.new_context(base_url=address, **options)
    context.add_init_script(_TELL)
    page = context.new_page()
    page.problems = []

    def dismiss(dialog: Any) -> None:
        page.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def sent(request: Any) -> None:
        if not request.url.startswith(f"{address}/"):
            page.problems.append(f"asks {request.url[:200]}")

    def said(message: Any) -> None:  # that a page is not there is no error of ours
        if message.type == "error" and "status of 404" not in message.text:
            page.problems.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("dialog", dismiss)
    page.on("request", sent)
    page.goto(f"{prefix}/login#token={TOKEN}")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def violations(page: Any, context: Any = None) -> list[str]:
    """What keeps people out, by the rules of WCAG 2.2 AA, as axe-core checks them. `context` is
    what it may leave out."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context, {"runOnly": WCAG, "resultTypes": ["violations"]})
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for one in found.response["violations"]
        for node in one["nodes"][:3]
    ]


def too_wide(page: Any) -> int:
    """By how many pixels the page is wider than its window."""
    return max(0, int(page.evaluate(_TOO_WIDE)))


def faults(page: Any, windows: Iterable[tuple[int, str]]) -> list[str]:
    """What is wrong with the page that is open, in each of these windows. Rows go."""
    found, windows = [], list(windows)
    for width in dict(windows):
        page.set_viewport_size({"width": width, "height": 900})
        if over := too_wide(page):
            found.append(f"{over} px too wide at {width}")
    page.evaluate(_FEWER)
    for width, scheme in windows:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found += [f"{width} {scheme}: {one}" for one in violations(page)]
    return found
