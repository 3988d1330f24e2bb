"""A core that was built for one half of 3.14 runs on the other.

3.14.5 gave the collector's lists their former names back (gh-142516), at the same places. A wheel
is built once for all patch levels.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from .agreement import assert_agreement

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)
if sys.version_info[:2] != (3, 14):
    pytest.skip("3.14 alone has two layouts", allow_module_level=True)

NAMES = {
    "struct gc_generation generations[NUM_GENERATIONS];": (
        "struct gc_generation young; struct gc_generation old[2];"
    )
}
RUN = """
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader

import flask_heapview.core
name = "flask_heapview.core._core"
spec = spec_from_loader(name, ExtensionFileLoader(name, sys.argv[1]))
sys.modules[name] = flask_heapview.core._core = module_from_spec(spec)
spec.loader.exec_module(sys.modules[name])

from flask_heapview.core import offsets, selfcheck
from flask_heapview.core.loader import core
assert core is sys.modules[name]
selfcheck.verify(core, offsets.type_table(core))
from tests.core.oracle import main
main(["flask", "sqlalchemy.orm"], False)
"""


def headers_of_the_other_half(home: Path) -> Path:
    """The headers of this Python, with the names that the other half has."""
    place = home / "include"
    shutil.copytree(sysconfig.get_path("include"), place)
    structs, level = place / "internal" / "pycore_interp_structs.h", place / "patchlevel.h"
    text = structs.read_text()
    older = "generations[NUM_GENERATIONS]" in text
    for ours, theirs in NAMES.items():
        old, new = (ours, theirs) if older else (theirs, ours)
        assert old in text
        structs.write_text(text.replace(old, new))
    micro = f"#define PY_MICRO_VERSION        {sys.version_info.micro}\n"
    assert micro in level.read_text()
    other = 0 if older else 9
    level.write_text(level.read_text().replace(micro, f"#define PY_MICRO_VERSION        {other}\n"))
    return place


def test_a_core_for_the_other_half(checkout: Path, tmp_path: Path) -> None:
    include = headers_of_the_other_half(tmp_path)
    env = {**os.environ, "CFLAGS": f"-I{include} -O1", "HEAPVIEW_REQUIRE_CORE": "1"}
    folders = ["--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path / "temp")]
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", *folders],
        cwd=checkout,
        env=env,
        check=True,
        capture_output=True,
    )
    (library,) = (tmp_path / "lib" / "flask_heapview" / "core").glob("_core.*.so")
    assert_agreement("-c", RUN, str(library))
