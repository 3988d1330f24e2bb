"""Pages are small without data, with all that a browser loads for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flask_heapview

from ..helpers import BEARER, PREFIX, answered_here, capture

MAX_BYTES = 100_000
MAX_SCRIPT_LINES = 1500  # of all pages; nobody has to build them
STATIC = Path(flask_heapview.__file__).parent / "static"


@pytest.fixture(autouse=True)
def in_this_process() -> Iterator[None]:
    with answered_here():
        yield


def loaded(text: str) -> set[str]:
    """The static files that a page loads, and what its scripts import."""
    found, looked = set(re.findall(r"/static/([\w.-]+)", text)), set[str]()
    while names := found - looked:
        looked |= names
        for name in names:
            found |= set(re.findall(r'from "\./([\w.-]+)"', (STATIC / name).read_text()))
    return found


def test_the_scripts_are_few_lines() -> None:
    texts = [file.read_text() for file in STATIC.glob("*.js")]
    assert 0 < sum(len(text.splitlines()) for text in texts) < MAX_SCRIPT_LINES
    assert max(len(line) for text in texts for line in text.splitlines()) <= 140  # none is packed


@pytest.mark.parametrize("path", ["/", "/login", "/across", "/report/service"])
def test_a_page_without_data(client: Any, path: str) -> None:
    signed_in = {} if path == "/login" else BEARER
    page = client.get(PREFIX + path, headers=signed_in)
    files = loaded(page.text)
    assert "heapview.css" in files
    size = len(page.data) + sum((STATIC / name).stat().st_size for name in files)
    assert size < MAX_BYTES, f"{size:,} bytes, with {sorted(files)}"


def test_a_table_without_rows(client: Any) -> None:
    made = capture(client)["id"]
    for view in ("heap", "caches", "resources", "retained", "cycles"):
        address = f"{PREFIX}/snapshots/{made}/{view}?q=in-no-name-of-any-row"
        page = client.get(address, headers=BEARER)
        drawn = re.sub(r"(?s)<(svg|figure).*?</\1>", "", page.text)
        files = loaded(page.text)
        assert "tables.js" in files
        size = len(drawn.encode()) + sum((STATIC / name).stat().st_size for name in files)
        assert size < MAX_BYTES, (view, size)
