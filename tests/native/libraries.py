"""Ten ways in which a service calls C and C++, each of which keeps what it took for ever."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from ..allocations.native_library import compiled

KEPT = """
#include <stdlib.h>
#include <string.h>
/* a list, so that nothing is lost: each block begins with the address of the one before */
static void *last;
static void *kept(void *block, size_t size)
{
    memset(block, 1, size);
    *(void **)block = last;
    last = block;
    return block;
}
"""
INVOICES = KEPT + "void *render_invoice(size_t size) { return kept(malloc(size), size); }\n"
COUNTERS = KEPT + "void *count_visit(size_t size) { return kept(calloc(1, size), size); }\n"
LABELS = (
    KEPT
    + """
void *print_label(size_t size)
{
    char *text = malloc(size);
    memset(text, 'x', size - 1);
    text[size - 1] = 0;
    char *copy = strdup(text);
    free(text);
    return kept(copy, size);
}
"""
)
SCANS = KEPT + "void *scan_page(size_t size) { return kept(realloc(malloc(16), size), size); }\n"
MAPS = (
    KEPT
    + """
#include <sys/mman.h>
void *map_tiles(size_t size)
{
    void *tiles = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return kept(tiles, size);
}
"""
)
ARCHIVE = """
#include <cstddef>
#include <string>
#include <vector>
namespace archive {
std::vector<std::string *> pages;
void store(std::size_t size) { pages.push_back(new std::string(size, 'x')); }
}
extern "C" void archive_page(std::size_t size) { archive::store(size); }
"""
SEALS = KEPT + "void *seal(size_t size) { return kept(malloc(size), size); }\n"
BLUR = """
static void *blur(size_t size)
{
    void *block = NULL;
    return posix_memalign(&block, 64, size) ? NULL : kept(block, size);
}
"""
EXTENSION = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
@HELPERS@
PyObject *@FUNCTION@(PyObject *self, PyObject *given)
{
    size_t size = PyLong_AsSize_t(given);
    @BODY@
    Py_RETURN_NONE;
}
static PyMethodDef methods[] = {
    {"@FUNCTION@", @FUNCTION@, METH_O, NULL}, {NULL, NULL, 0, NULL}
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "@NAME@", NULL, -1, methods};
PyMODINIT_FUNC PyInit_@NAME@(void) { return PyModule_Create(&module); }
"""
CYTHON = """
from libc.stdlib cimport malloc
from libc.string cimport memset

cdef public void *{inner}(size_t size) noexcept nogil:
    cdef void *block = malloc(size)
    memset(block, 1, size)
    return block

def {function}(size_t size):
    {body}
"""


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, text=True, cwd=cwd, capture_output=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"


def _module(folder: Path, name: str, source: str) -> None:
    """An extension of Python: without the beginning of a library's name."""
    include = f"-I{sysconfig.get_paths()['include']}"
    compiled(folder, name, source, include).rename(folder / f"{name}.so")


def _extension(folder: Path, name: str, function: str, helpers: str, body: str) -> None:
    source = EXTENSION
    for place, text in (
        ("@NAME@", name),
        ("@FUNCTION@", function),
        ("@HELPERS@", helpers),
        ("@BODY@", body),
    ):
        source = source.replace(place, text)
    _module(folder, name, source)


def _cython(folder: Path, name: str, function: str, inner: str, body: str) -> None:
    text = CYTHON.format(inner=inner, function=function, body=body.format(inner=inner))
    (folder / f"{name}.pyx").write_text(text)
    _run(sys.executable, "-m", "cython", "-3", f"{name}.pyx", cwd=folder)
    _module(folder, name, (folder / f"{name}.c").read_text())


def _cffi(folder: Path, name: str, source: str, declared: str) -> None:
    build = (
        "from cffi import FFI; made = FFI(); "
        f"made.cdef({declared!r}); made.set_source({name!r}, {source!r}); made.compile()"
    )
    _run(sys.executable, "-c", build, cwd=folder)


def build(folder: Path) -> None:
    """All of them, in a folder."""
    for name, source in (
        ("invoices", INVOICES),
        ("counters", COUNTERS),
        ("labels", LABELS),
        ("scans", SCANS),
        ("maps", MAPS),
    ):
        compiled(folder, name, source)
    compiled(folder, "archive_pages", ARCHIVE, language="c++")
    _cffi(folder, "_seals", SEALS, "void *seal(size_t size);")
    _cython(folder, "charts", "draw_chart", "draw_points", "{inner}(size)")
    _extension(folder, "pictures", "shrink", KEPT, "kept(malloc(size), size);")
    without_the_lock = "Py_BEGIN_ALLOW_THREADS blur(size); Py_END_ALLOW_THREADS"
    _extension(folder, "filters", "soften", KEPT + BLUR, without_the_lock)
