"""Each reason why the native core is missing is made true in a real installation, and read."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .installing import environment, install, said

SUFFIX = str(sysconfig.get_config_var("EXT_SUFFIX"))
CORE = Path("flask_heapview", "core")
GUPPY = importlib.util.find_spec("guppy") is not None
AGAIN = (
    "To install it again: "
    "python -m pip install --force-reinstall --no-deps --no-cache-dir flask-heapview."
)
FAILED = "The C compiler failed: /bin/false ended with an error."
COMPILER = shlex.split(sysconfig.get_config_var("CC"))[0]
NOT_BUILT = "The native core was not built at installation."
Said = Callable[..., dict[str, Any]]


def instead(answer: dict[str, Any], why: str) -> None:
    """The portable engine does the work, and both the API and the page give this reason.

    Where guppy3 does not build, no engine is left, and the reason is the same.
    """
    status = answer["status"]
    assert why in answer["page"]
    if GUPPY:
        assert answer["capture"]["state"] == "done", answer["capture"]
        assert status["engine"].startswith("portable")
        assert status["why"] == why
    else:
        assert status["engine"] == "none"
        assert status["why"].startswith(f"Captures are not possible here. {why} The portable ")


@pytest.fixture(scope="module")
def good(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site-packages of an installation that has its core; it is copied, not changed."""
    python = install(tmp_path_factory.mktemp("good") / "env", str(checkout))
    return next((python.parents[1] / "lib").glob("python*/site-packages"))


@pytest.fixture
def copied(good: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The Python and the site-packages of an environment with a copy of that installation."""
    python, site = environment(tmp_path / "env")
    shutil.copytree(good / "flask_heapview", site / "flask_heapview")
    return python, site


def later(*values: Any) -> Any:
    """A case of make test-all: each is an installation."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("env", "why", "log"),
    [
        later({"CC": "/bin/false"}, FAILED, ""),
        ({"PATH": "/nonexistent"}, f"There was no C compiler: {COMPILER} was not found.", ""),
        later(
            {"CC": "/nonexistent/cc -O"},
            "There was no C compiler: /nonexistent/cc was not found",
            "",
        ),
        (
            {"CFLAGS": "-include /nonexistent/broken.h"},
            "fatal error: /nonexistent/broken.h: No such file or directory.",
            "compilation terminated.",
        ),
        later({"CC": "'gcc"}, "The build failed: No closing quotation.", ""),
    ],
    ids=["fails", "none", "none-of-that-name", "broken-header", "unreadable"],
)
def test_a_failed_build(
    env: dict[str, str], why: str, log: str, checkout: Path, tmp_path: Path
) -> None:
    """It installs all the same. The compiler's words are kept, and shown."""
    sources = tmp_path / "sources"
    shutil.copytree(checkout, sources, ignore=shutil.ignore_patterns("*.so", "build", "*.egg-info"))
    answer = said(install(tmp_path / "env", str(sources), **env), tmp_path)
    reason = answer["status"]["why"]
    instead(answer, reason[reason.index(NOT_BUILT) : reason.index(AGAIN) + len(AGAIN)])
    assert why in reason
    assert log in answer["status"]["build_log"]
    assert (log != "") == ("What the compiler said at installation" in answer["page"])
    assert log in answer["page"]


@pytest.mark.slow
def test_an_editable_checkout_that_is_mended(checkout: Path, tmp_path: Path) -> None:
    """A failed build removes the older file, and a good one removes the note."""
    sources = tmp_path / "sources"
    shutil.copytree(checkout, sources, ignore=shutil.ignore_patterns("*.so", "build", "*.egg-info"))
    library = sources / CORE / f"_core{SUFFIX}"
    library.write_text("of an earlier build")
    python = install(tmp_path / "env", "--editable", str(sources), CC="/bin/false")
    instead(said(python, tmp_path), f"{NOT_BUILT} {FAILED} {AGAIN}")
    assert not library.exists()
    assert [path.parent.name for path in sorted(sources.rglob("*.failure.txt"))] == [
        "core",
        "graphs",
    ]
    answer = said(install(tmp_path / "again", "--editable", str(sources)), tmp_path)
    assert answer["status"]["engine"] == "native"
    assert list(sources.rglob("*.failure.txt")) == []


def test_only_the_graphs_fail(checkout: Path, good: Path, tmp_path: Path) -> None:
    """In a tree with an older build: its file of the graphs goes, its note on the core, too."""
    sources = tmp_path / "sources"
    shutil.copytree(checkout, sources, ignore=shutil.ignore_patterns("*.egg-info"))
    (older,) = (sources / "build").glob(f"lib*/{CORE}/_core{SUFFIX}")
    older.with_name(f"_core{SUFFIX.removesuffix('.so')}.failure.txt").write_text("an old reason")
    (sources / "flask_heapview/graphs/csrc/graph.h").write_text("#error broken on purpose\n")
    answer = said(install(tmp_path / "env", str(sources)), tmp_path)
    assert answer["capture"]["state"] == "done"
    assert answer["status"]["engine"] == "native"
    assert answer["status"]["kinds"] == ["ownership"]
    why = "The graph extension was not built at installation. The C compiler failed: "
    assert why in answer["status"]["why"]
    assert "#error broken on purpose" in answer["status"]["build_log"]
    assert answer["graph"]["status"] == 400
    assert why in answer["graph"]["detail"]
    assert not list((tmp_path / "env").rglob("_core*.failure.txt"))


@pytest.mark.slow
def test_built_for_another_python(copied: tuple[Path, Path], tmp_path: Path) -> None:
    python, site = copied
    other = "_core.cpython-399-x86_64-linux-gnu.so"
    (site / CORE / f"_core{SUFFIX}").rename(site / CORE / other)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    instead(
        said(python, tmp_path),
        f"The native core was built for another Python ({other}). "
        f"This is {sys.implementation.cache_tag} ({version}). {AGAIN}",
    )


def test_a_file_that_cannot_be_loaded(copied: tuple[Path, Path], tmp_path: Path) -> None:
    python, site = copied
    library = site / CORE / f"_core{SUFFIX}"
    library.write_text("This is no library, whatever its name says.")
    instead(
        said(python, tmp_path),
        f"The native core could not be loaded: {library}: file too short. {AGAIN}",
    )


def test_nothing_is_known(copied: tuple[Path, Path], tmp_path: Path) -> None:
    python, site = copied
    (site / CORE / f"_core{SUFFIX}").unlink()
    instead(
        said(python, tmp_path),
        f"The native core is not in this installation, and no note says why. {AGAIN}",
    )


LIES = """
honest = sys.getsizeof
sys.getsizeof = lambda *args: honest(*args) + 8
"""


def test_the_self_check_disagrees(copied: tuple[Path, Path], tmp_path: Path) -> None:
    """Here the interpreter is the one that lies. The core cannot know."""
    answer = said(copied[0], tmp_path, LIES)
    assert answer["first"]["engine"] == "native"
    size = sys.getsizeof(0)
    instead(
        answer,
        f"The native core's self-check failed: a int has {size + 8} bytes, the core says {size}.",
    )
    assert any("self-check failed" in line for line in answer["logged"])


@pytest.mark.skipif(not GUPPY, reason="the portable engine needs guppy3")
def test_switched_off(copied: tuple[Path, Path], tmp_path: Path) -> None:
    instead(
        said(copied[0], tmp_path, HEAPVIEW_ENGINE="portable"),
        "HEAPVIEW_ENGINE=portable switches the native engine off.",
    )


# what the standard library reads of the true system has to be read before
SYSTEM = "import sysconfig, types\nsysconfig.get_config_vars()\n"
PYPY = """
sys.implementation = types.SimpleNamespace(**vars(sys.implementation))
sys.implementation.name = "pypy"
"""


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ("sys.platform = 'haiku1'", "is built on Linux only, and this is haiku1."),
        (PYPY, "is built for CPython only, and this is pypy."),
    ],
    ids=["platform", "implementation"],
)
def test_another_system(lie: str, why: str, copied: tuple[Path, Path], tmp_path: Path) -> None:
    instead(said(copied[0], tmp_path, SYSTEM + lie), f"The native core {why}")
