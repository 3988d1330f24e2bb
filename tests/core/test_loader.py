"""Why an extension is missing, in the words that the overview shows; see also test_missing_core."""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import pytest

from flask_heapview.core import missing

from ..helpers import ROOT


@pytest.mark.parametrize(
    ("platform", "implementation", "words"),
    [
        ("win32", "cpython", "is built on Linux only, and this is win32."),
        ("linux", "pypy", "is built for CPython only, and this is pypy."),
    ],
)
def test_a_system_that_it_is_never_built_for(
    platform: str, implementation: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = SimpleNamespace(platform=platform, implementation=SimpleNamespace(name=implementation))
    monkeypatch.setattr(missing, "sys", here)
    assert missing.why_unsupported("The core") == f"The core {words}"


def test_the_reason_is_the_note_of_this_very_python(tmp_path: Path) -> None:
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    assert missing.build_log(tmp_path, "_x") == ""
    assert "no note says why" in missing.why_missing("The core", tmp_path, "_x")
    (tmp_path / "_x.cpython-399-x86_64-linux-gnu.failure.txt").write_text("Of another one.\n")
    (tmp_path / "_x.cpython-398-x86_64-linux-gnu.so").touch()
    reason = missing.why_missing("The core", tmp_path, "_x")
    assert "was built for another Python (_x.cpython-398-x86_64-linux-gnu.so)" in reason
    assert f"This is {sys.implementation.cache_tag}" in reason
    note = tmp_path / f"_x{suffix.removesuffix('.so')}.failure.txt"
    note.write_text("It broke.\nline 1\nline 2\n")
    assert "at installation. It broke. To install" in missing.why_missing("C", tmp_path, "_x")
    assert missing.build_log(tmp_path, "_x") == "line 1\nline 2"


def test_the_docs_list_the_reasons() -> None:
    """Each beginning that docs/capture.md lists is one that the code can give."""
    text = (ROOT / "docs" / "capture.md").read_text()
    begins = re.findall(r"^\| `(The native core[^`]+|HEAPVIEW[^`]+)` \|", text, re.MULTILINE)
    assert len(begins) == 9
    core, capture = ROOT / "flask_heapview" / "core", ROOT / "flask_heapview" / "capture"
    files = (core / "missing.py", core / "selfcheck.py", capture / "select.py")
    code = "".join(path.read_text() for path in files).replace("{title}", "The native core")
    assert [one for one in begins if one not in code] == []
