"""Alpine's C library: all of the C compiles against it, and nothing of glibc's own is needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .helpers import ROOT, needs
from .installing import said

PACKAGE = ROOT / "flask_heapview"
CORE, GRAPHS = PACKAGE / "core" / "csrc", PACKAGE / "graphs" / "csrc"
ALLOCATOR = PACKAGE / "core" / "csrc" / "memory" / "memory.c"  # the graphs use it, too
SOURCES = {
    "core": sorted(CORE.rglob("*.c")),
    "graphs": [*sorted(GRAPHS.rglob("*.c")), ALLOCATOR],
}


def words(*command: object) -> list[str]:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def symbols(library: Path, which: str) -> set[str]:
    """Names of the dynamic symbols, `defined` or `undefined`; not those that may be missing."""
    rows = subprocess.run(
        ["nm", "-D", f"--{which}-only", str(library)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    weak = ("w", "v") if which == "undefined" else ()
    return {row.split()[-1].partition("@")[0] for row in rows if row.split()[-2] not in weak}


@pytest.fixture(scope="module")
def musl() -> set[str]:
    """All that musl has."""
    needs(shutil.which("musl-gcc"), "musl-gcc compiles for Alpine (Debian's package musl-tools)")
    (library,) = Path("/lib").glob("ld-musl-*.so.1")
    return symbols(library, "defined")


@pytest.fixture(scope="module")
def headers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Where Python.h is, and no header of glibc: Debian keeps part of it in a folder with those."""
    place = tmp_path_factory.mktemp("headers")
    multiarch = sysconfig.get_config_var("MULTIARCH") or "none"
    (place / multiarch).mkdir()
    for found in Path("/usr/include", multiarch).glob("python3*"):
        (place / multiarch / found.name).symlink_to(found)
    return [place, Path(sysconfig.get_path("include"))]


def test_every_file_is_compiled_here() -> None:
    assert {path for files in SOURCES.values() for path in files} == set(PACKAGE.rglob("*.c"))


@pytest.mark.parametrize("name", SOURCES)
def test_it_needs_nothing_that_musl_lacks(
    name: str, musl: set[str], headers: list[Path], tmp_path: Path
) -> None:
    library = tmp_path / f"{name}.so"
    include = [f"-I{place}" for place in (*headers, CORE, GRAPHS)]
    options = ["-std=gnu11", "-shared", "-fPIC", "-fvisibility=hidden", *include]
    words("musl-gcc", *options, "-o", library, *SOURCES[name], "-lm")
    needed = {one for one in symbols(library, "undefined") if not one.startswith(("Py", "_Py"))}
    assert "mmap" in needed
    assert needed - musl == set()


RUN = """
#include "module/levels.c"
int main(void)
{
    printf("%lld %lld\\n", (long long)hv_malloc_figures().used, (long long)anonymous());
    return 0;
}
"""


def test_the_figures_of_the_core_on_musl(
    musl: set[str], headers: list[Path], tmp_path: Path
) -> None:
    """Really run there: bytes that glibc would tell are 0, and those of the kernel are not."""
    (tmp_path / "run.c").write_text(RUN)
    include = [f"-I{place}" for place in (*headers, CORE)]
    words("musl-gcc", "-std=gnu11", "-c", "-o", tmp_path / "run.o", *include, tmp_path / "run.c")
    rows = subprocess.run(
        ["nm", "--undefined-only", tmp_path / "run.o"], capture_output=True, text=True, check=True
    ).stdout.split()
    absent = [name for name in rows if name.startswith(("Py", "_Py", "hv_"))]  # never called
    (tmp_path / "absent.c").write_text(
        "".join(f"int {name}(void) {{ return 0; }}\n" for name in absent)
    )
    words("musl-gcc", "-o", tmp_path / "run", tmp_path / "run.o", tmp_path / "absent.c")
    assert "ld-musl" in " ".join(words("readelf", "--program-headers", tmp_path / "run"))
    used, anonymous = map(int, words(tmp_path / "run"))
    assert used == 0
    assert anonymous > 0


def test_what_is_looked_for_is_what_musl_lacks(musl: set[str]) -> None:
    """Otherwise the next test shows nothing."""
    assert {"mallinfo2", "malloc_info", "malloc_trim"} & musl == set()
    assert {"open_memstream", "malloc", "dlsym"} <= musl


AS_ON_ALPINE = """
import ctypes
names = set(open({path!r}).read().split())
def find(library, name, true=ctypes.CDLL.__getattr__):
    if library._name is None and name not in names and not name.startswith(("Py", "_Py")):
        raise AttributeError(name)
    return true(library, name)
ctypes.CDLL.__getattr__ = find
"""


def test_the_python_side_copes(musl: set[str], tmp_path: Path) -> None:
    """A service whose C library has musl's functions and no other."""
    names = tmp_path / "names"
    names.write_text(" ".join(musl))
    answer = said(Path(sys.executable), tmp_path, AS_ON_ALPINE.format(path=str(names)))
    assert answer["capture"]["state"] == "done", answer["capture"]
    assert answer["allocator"]["malloc_used"] is None
    assert answer["trim"]["status"] == 409
    assert "This C library has no malloc_trim" in answer["trim"]["detail"]
    figures = answer["process"]["data"]["allocators"]
    assert figures["pymalloc_used"] > 0
    assert [figures[name] for name in figures if name.startswith("malloc_")] == [None] * 3
