"""The overview's first screen alone says who holds it, which line, and which endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..helpers import PREFIX, ROOT
from .pictures import WINDOW, picture
from .test_examples import LATER, LEAKS, shop, traffic
from .windows import open_window

SCREEN = {"width": 1280, "height": 800}
SOURCE = (ROOT / "examples" / "leaky_shop" / "app.py").read_text().splitlines()
# what the line says that allocates; the C library's is not one of Python's
ALLOCATES = {
    "catalogue": "file",  # the first read makes its buffer, which is most of it
    "basket": '"note": "gift " * 40',
    "order": "[Line(made) for _ in range(5)]",
    "price": 'return f"{item} costs',
}
# the tutorial's picture of each: the page, the part of it, and words that the part has to have
PICTURES = {
    "catalogue": ("/compare/resources", "section.table", "examples.leaky_shop.app.open_catalogues"),
    "basket": ("/report", ".suspect", "Alive by birth"),
    "order": ("/compare/cycles", "figure.ring", "garbage"),
    "invoice": ("/", ".suspects article", "No Python object accounts for it"),
    "price": ("/compare/caches", "section.table", "examples.leaky_shop.app.prices"),
}


def lies_within(part: Any) -> bool:
    """Whether all of it is seen before anybody scrolls."""
    box = part.bounding_box()
    return (
        box["x"] >= 0
        and box["y"] >= 0
        and box["x"] + box["width"] <= SCREEN["width"]
        and box["y"] + box["height"] <= SCREEN["height"]
    )


def shows_what_the_tutorial_shows(window: Any, page: str, pair: str, place: Path) -> None:
    path, part, words = PICTURES[page]
    window.set_viewport_size(WINDOW)
    window.goto(f"{PREFIX}{path}?{pair}")
    found = window.locator(part, has_text=words).first
    assert words in found.inner_text()
    picture(found, f"leak-{page}.png", place, "docs/tutorial.md")


@pytest.mark.parametrize(
    ("page", "cause", "path"),
    [
        pytest.param(*row, id=row[0], marks=[pytest.mark.slow] if row[0] in LATER else [])
        for row in LEAKS
    ],
)
def test_it_answers(browser: Any, tmp_path: Path, page: str, cause: str, path: str | None) -> None:
    ids: list[str] = []
    with shop(tmp_path) as server:
        for requests in (50, 300, 300):
            traffic(server, "--only", page, "--requests", str(requests))
            ids.append(server.capture()["id"])
        window = open_window(browser, f"http://127.0.0.1:{server.port}", viewport=SCREEN)
        window.goto(f"{PREFIX}/")
        window.wait_for_selector(".lead .badge.leak")
        card = window.locator(".suspects article").first
        parts = {"who": card.locator("h2"), "verdict": window.locator(".lead")}
        for name in ("Line", "Endpoint"):
            parts[name] = card.locator(f"dt:text-is('{name}') + dd")
        said = {name: part.inner_text() for name, part in parts.items()}
        assert [name for name, part in parts.items() if not lies_within(part)] == []
        shows_what_the_tutorial_shows(window, page, f"base={ids[0]}&target={ids[-1]}", tmp_path)
        assert window.problems == []
        window.context.close()
    assert cause in said["who"]
    assert path is None or f"at {path} " in said["who"]
    assert said["Endpoint"].replace("\xa0", " ") == f"{page} 100 %"
    assert page in said["verdict"] or path in said["verdict"]
    if page in ALLOCATES:
        place = said["Line"].split()[0]
        assert place.startswith("leaky_shop/app.py:")
        assert ALLOCATES[page] in SOURCE[int(place.rpartition(":")[2]) - 1]
