"""Where guppy3 is missing, or Python is free-threaded: the service starts, and says what is so."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from flask_heapview.capture.portable.available import FIRST_WITHOUT_GUPPY

from .helpers import ROOT, unmeasured
from .installing import install, said

HERE = "Captures are not possible here."
LATER = sys.version_info >= FIRST_WITHOUT_GUPPY
NO_GUPPY = "The portable engine needs guppy3, which is not installed." + (
    " flask-heapview does not require guppy3 on Python 3.15 and later." if LATER else ""
)
FREE_THREADED = """
import sysconfig
def lie(name, true=sysconfig.get_config_var):
    return 1 if name == "Py_GIL_DISABLED" else true(name)
sysconfig.get_config_var = lie
"""


@pytest.fixture(scope="module")
def bare(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the package and its core, and nothing that the portable engine needs."""
    home = tmp_path_factory.mktemp("bare") / "env"
    return install(home, str(checkout), without=("guppy", "objgraph", "pympler"))


@pytest.fixture(scope="module")
def neither(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the package, but no core and no guppy3."""
    home = tmp_path_factory.mktemp("neither")
    shutil.copytree(checkout, home / "sources", ignore=shutil.ignore_patterns("build", "*.so"))
    return install(home / "env", str(home / "sources"), without=("guppy",), CC="/bin/false")


def refused(answer: dict[str, Any], *why: str) -> None:
    """No capture and no watch begins, and all that speak of it give these reasons."""
    assert answer["first"]["engine"] == "none"
    assert answer["first"]["kinds"] == []
    assert answer["code"] == 409
    assert answer["capture"]["title"] == "captures are not possible here"
    texts = (answer["first"]["why"], answer["capture"]["detail"], answer["watch"]["detail"])
    for text in (*texts, answer["page"], "\n".join(answer["logged"])):
        assert all(one in text for one in (HERE, *why)), text
    assert "Capture</button>" not in answer["page"]


def test_the_native_engine_needs_none_of_it(bare: Path, tmp_path: Path) -> None:
    answer = said(bare, tmp_path)
    assert answer["capture"]["state"] == "done"
    assert answer["capture"]["engine"] == "native"


def test_no_core_and_no_guppy(neither: Path, tmp_path: Path) -> None:
    answer = said(neither, tmp_path)
    refused(answer, "The C compiler failed: /bin/false ended with an error.", NO_GUPPY)


def test_the_engine_that_is_asked_for_is_not_here(neither: Path, tmp_path: Path) -> None:
    asked = said(neither, tmp_path, HEAPVIEW_ENGINE="portable")["refused"]
    assert asked == f"HEAPVIEW_ENGINE asks for the portable engine. {NO_GUPPY}"
    asked = said(neither, tmp_path, HEAPVIEW_ENGINE="native")["refused"]
    assert "HEAPVIEW_ENGINE asks for the native engine. The native core was not built" in asked


def test_the_command_line_says_it(neither: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("from flask import Flask\napp = Flask('shop')\n")
    done = subprocess.run(
        [neither, "-m", "flask", "--app", "shop", "heapview", "check", "/"],
        cwd=tmp_path,
        env=unmeasured(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert NO_GUPPY in done.stdout + done.stderr


def test_the_self_check_fails_and_there_is_no_guppy(bare: Path, tmp_path: Path) -> None:
    """It is known only when the first capture begins: that one fails, the next is refused."""
    lie = "honest = sys.getsizeof\nsys.getsizeof = lambda *args: honest(*args) + 8"
    answer = said(bare, tmp_path, lie)
    assert answer["capture"]["state"] == "failed"
    needs = "The portable engine needs guppy3 and objgraph and Pympler, which are not installed."
    for text in (answer["capture"]["error"], answer["status"]["why"], answer["page"]):
        assert HERE in text
        assert "self-check failed" in text
        assert needs in text
    assert answer["graph"]["status"] == 409


# --- free-threaded Python: no global interpreter lock


def test_free_threaded(bare: Path, tmp_path: Path) -> None:
    """The core is there, and would load; it must not."""
    answer = said(bare, tmp_path, FREE_THREADED + NEVER_LOADED)
    refused(
        answer,
        "The native core is not built for free-threaded Python. "
        "It needs the global interpreter lock.",
        "The portable engine is not used on free-threaded Python. "
        "It needs guppy3, and importing that would enable the global interpreter lock.",
    )


# what the standard library reads of the true system has to be read before
OTHER_SYSTEM = """
import sys, sysconfig, setuptools.command.build_ext, setuptools.command.egg_info
sysconfig.get_config_vars()
sys.platform = "haiku1"
"""
NEVER_LOADED = """
class Watch:
    def find_spec(self, name, path=None, target=None):
        assert not name.endswith(("._core", "._graph")) and not name.startswith("guppy"), name
sys.meta_path.insert(0, Watch())
"""


def built(checkout: Path, place: Path, prelude: str) -> tuple[list[Path], list[str]]:
    """What setup.py builds, and what it requires."""
    code = f"{prelude}\nimport runpy, sys\nsys.argv = sys.argv[1:]\nrunpy.run_path('setup.py')"
    words = [*("build_ext", "--build-lib", place), *("egg_info", "--egg-base", place)]
    place.mkdir()
    subprocess.run(
        [sys.executable, "-c", code, "setup.py", "--quiet", *words],
        cwd=checkout,
        check=True,
        capture_output=True,
        env={**unmeasured(), "CC": "/bin/false"},
    )
    text = (place / "flask_heapview.egg-info" / "requires.txt").read_text()
    return list(place.rglob("_*.*")), text.split("[test]")[0].split("\n")


def test_nothing_is_built_for_free_threaded_python(checkout: Path, tmp_path: Path) -> None:
    """Nor is guppy3 required there: it would have to be compiled, and may fail."""
    files, required = built(checkout, tmp_path / "free", FREE_THREADED)
    assert files == []
    assert not any("guppy3" in line for line in required)
    files, required = built(checkout, tmp_path / "usual", "")
    assert len(files) == 2  # the notes of two builds that were tried
    assert any("guppy3" in line for line in required)
    other = [line for line in required if "objgraph" in line]
    assert other == ["objgraph>=3.6"]


def test_nothing_is_built_on_another_system(checkout: Path, tmp_path: Path) -> None:
    """Guppy3 is required there: the portable engine is all there is."""
    files, required = built(checkout, tmp_path / "built", OTHER_SYSTEM)
    assert files == []
    assert any("guppy3" in line for line in required)


@pytest.mark.parametrize("source", ["core/csrc/module/levels.c", "graphs/csrc/module.c"])
def test_free_threaded_headers_are_refused(source: str) -> None:
    """Whoever calls the compiler by hand is told, too."""
    package = ROOT / "flask_heapview"
    include = (sysconfig.get_path("include"), package / "core/csrc", package / "graphs/csrc")
    done = subprocess.run(
        [
            *("gcc", "-fsyntax-only", "-DPy_GIL_DISABLED=1", package / source),
            *(f"-I{place}" for place in include),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "the global interpreter lock" in done.stderr


# --- what is required


def guppy() -> Requirement:
    text = next(
        node.value
        for node in ast.walk(ast.parse((ROOT / "setup.py").read_text()))
        if isinstance(node, ast.Constant) and str(node.value).startswith("guppy3")
    )
    return Requirement(str(text))


@pytest.mark.parametrize(
    ("implementation", "version", "required"),
    [
        ("cpython", "3.11", True),
        ("cpython", "3.14", True),
        ("cpython", "3.15", False),
        ("cpython", "3.16", False),
        ("pypy", "3.11", False),
    ],
)
def test_guppy_is_required_where_it_builds(
    implementation: str, version: str, required: bool
) -> None:
    marker = guppy().marker
    assert marker is not None
    here = {"implementation_name": implementation, "python_version": version}
    assert marker.evaluate(here) is required


def test_the_sentence_and_the_requirement_agree() -> None:
    version = ".".join(map(str, FIRST_WITHOUT_GUPPY))
    assert re.search(rf'python_version < "{re.escape(version)}"', str(guppy().marker))
