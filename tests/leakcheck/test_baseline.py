"""Known leaks do not fail; a file that is no baseline does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flask_heapview.analysis.judge import judge
from flask_heapview.errors import BadRequest
from flask_heapview.leakcheck import baseline

from ..analysis.factories import row

REPORT = judge(row(100, 200, 300, 400))


def test_what_is_written_is_known(tmp_path: Path) -> None:
    file = tmp_path / "leaks.json"
    file.write_bytes(baseline.text_of(REPORT))
    assert baseline.read(file) == {one.fingerprint for one in REPORT.suspects} != set()
    (leak,) = json.loads(file.read_text())["leaks"]
    assert (leak["cause"], leak["path"]) == ("unbounded-container", "app.cache")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "There is no baseline"),
        ("{", "cannot be read as a baseline"),
        ('{"schema": "another/1"}', "has the schema 'another/1'"),
        ('{"leaks": [{"cause": "native"}]}', "cannot be read as a baseline"),
    ],
)
def test_what_is_none(text: str | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "leaks.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadRequest, match=words):
        baseline.read(file)
