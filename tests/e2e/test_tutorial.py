"""The tutorial is true: its commands run, and the reports say what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..helpers import ROOT, TOKEN
from .test_examples import LATER, LEAKS, shop

TEXT = (ROOT / "docs" / "tutorial.md").read_text()
BLOCKS = dict(re.findall(r"<!-- run: (\w+) -->\n```sh\n(.*?)```", TEXT, re.DOTALL))
CHAPTERS = re.split(r"^## ", TEXT, flags=re.MULTILINE)


def chapter(page: str) -> str:
    (found,) = [text for text in CHAPTERS if f"<!-- run: {page} -->" in text]
    return found


def test_each_chapter_has_the_same_commands() -> None:
    assert [row[0] for row in LEAKS] == list(BLOCKS)
    assert len({text.replace(f"--only {page} ", "") for page, text in BLOCKS.items()}) == 1


@pytest.mark.parametrize(
    ("page", "cause", "path"),
    [
        pytest.param(*row, id=row[0], marks=[pytest.mark.slow] if row[0] in LATER else [])
        for row in LEAKS
    ],
)
def test_a_chapter(page: str, cause: str, path: str | None, tmp_path: Path) -> None:
    text = chapter(page)
    assert f"`{cause}`" in text
    assert path is None or f"`{path}`" in text
    own = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": own, "HEAPVIEW_TOKEN": TOKEN}
    with shop(tmp_path) as server:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", aimed(BLOCKS[page], server.port)],
            cwd=ROOT,
            env={**env, "HEAPVIEW_DIR": str(tmp_path / "heapview")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Verdict: leak" in done.stdout
    assert f"1. {cause}{f' at {path}' if path else ''} " in " ".join(done.stdout.split())


def aimed(block: str, port: int) -> str:
    """The commands, with the traffic at this shop."""
    return block.replace("leaky_shop.traffic", f"leaky_shop.traffic --url http://127.0.0.1:{port}")
