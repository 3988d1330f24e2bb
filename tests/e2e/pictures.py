"""The pictures of the documentation, made of pages that a test has open.

HEAPVIEW_PICTURES=1 writes them into docs/. Without it a test still makes each, so that what the
documentation shows is there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..helpers import ROOT

WRITES = bool(os.environ.get("HEAPVIEW_PICTURES"))
MAX_BYTES = 150_000  # of a picture
WINDOW = {"width": 1000, "height": 700}


def picture(part: Any, name: str, place: Path, document: str) -> None:
    """A picture of a part of a page, in `place` or in docs/. The document has to show it."""
    text = (ROOT / document).read_text()
    assert f"({os.path.relpath(ROOT / 'docs' / name, (ROOT / document).parent)})" in text
    file = (ROOT / "docs" if WRITES else place) / name
    part.screenshot(path=file, animations="disabled")
    size = file.stat().st_size
    assert 2000 < size < MAX_BYTES, f"{name} has {size:,} bytes"
