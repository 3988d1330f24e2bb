"""The interpreter that is started for a job, whatever server this process runs in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flask_heapview.isolation.interpreter import find_interpreter, is_interpreter, search_path

from ..helpers import unmeasured


@pytest.mark.parametrize(
    "executable",
    ["/usr/bin/uwsgi-core", "", None, str(Path(sys.base_prefix) / "bin" / "python3")],
    ids=["uWSGI", "empty", "none", "that of the base"],
)
def test_it_has_this_process_s_packages(
    executable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    found = find_interpreter()
    assert found is not None
    assert is_interpreter(found)
    code = "import sys, msgspec, flask_heapview; print(sys.version_info[:2], sys.prefix)"
    told = subprocess.run([found, "-c", code], capture_output=True, text=True, env=unmeasured())
    assert told.stdout.strip() == f"{sys.version_info[:2]} {sys.prefix}", told.stderr


def test_none_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi-core")
    monkeypatch.setattr(sys, "_base_executable", None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_config_var", lambda *_: None)
    assert find_interpreter() is None


def test_the_package_is_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", "/nowhere"])
    assert search_path()[0] == "/nowhere"
    assert (Path(search_path()[-1]) / "flask_heapview" / "errors.py").exists()
