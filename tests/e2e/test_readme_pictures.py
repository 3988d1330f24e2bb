"""The README's pictures show the pages as they are: a shop that leaks in five ways at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..helpers import PREFIX
from .pictures import picture
from .test_examples import LEAKS, shop, traffic
from .windows import open_window

ROUND = ("--requests", "500", "--pause", "0.02")  # so that the chart has something to show


@pytest.mark.slow
def test_the_overview_and_what_changed(browser: Any, tmp_path: Path) -> None:
    ids: list[str] = []
    with shop(tmp_path) as server:
        for label in ("before", "between", "after"):
            traffic(server, *ROUND)
            ids.append(server.capture(label=label)["id"])
        size = {"width": 1240, "height": 790}
        window = open_window(browser, f"http://127.0.0.1:{server.port}", viewport=size)
        window.goto(f"{PREFIX}/")
        window.wait_for_selector(".lead .badge.leak")
        cards = window.locator(".suspects article").all_inner_texts()
        found = window.locator(".suspects h2").first.inner_text()
        picture(window, "overview.png", tmp_path, "README.md")
        window.goto(f"{PREFIX}/compare/ownership?base={ids[0]}&target={ids[-1]}")
        parts = window.locator("figure.icicle").inner_text()
        window.set_viewport_size({"width": 1200, "height": 620})
        picture(window, "ownership.png", tmp_path, "README.md")
        window.context.close()
    assert found == f"The first 3 of {len(LEAKS)} suspects"
    assert len(cards) == 3
    assert all("Endpoint" in card and "leaky_shop/" in card for card in cards)
    assert "examples.leaky_shop.app" in parts
