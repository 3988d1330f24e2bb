"""The sampler of native memory does no harm: on and off, under load, across forks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..helpers import ROOT, needs, not_under_asan
from ..run_isolated import alone
from . import native
from .native_library import TORTURE, compiled, leaky

__all__ = ["leaky", "native"]  # a fixture; where there is no core, nothing is to be tested

PLUGIN = r"""
#include <stdlib.h>
#include <string.h>
void work(void)
{
    for (int i = 0; i < 50; i++) {
        char *block = realloc(malloc(1000 + i), 5000);
        free(strdup("abc"));
        free(block);
    }
}
static void __attribute__((constructor)) begin(void) { work(); }
"""

# every entry for a function that is hooked, of every object: its place, what is there, and whether
# its page may be written
ENTRIES = """
import re, struct, subprocess
NAMES = r"(?:malloc|calloc|realloc|free|posix_memalign|aligned_alloc|memalign|valloc|" \\
        r"reallocarray|(?:__)?strn?dup|mmap(?:64)?|munmap|mremap|dlopen)"
def objects():
    found = {}
    for line in open("/proc/self/maps"):
        row = line.split()
        begin, end = (int(word, 16) for word in row[0].split("-"))
        path = row[5] if len(row) > 5 and row[5].startswith("/") else None
        if path is not None and (".so" in path or path == os.path.realpath(sys.executable)):
            found.setdefault(path, begin if moves(path) else 0)
    return found
def moves(path):  # e_type: 2 is a program at a fixed address
    with open(path, "rb") as file:
        return file.read(18)[16] != 2
def places():
    found = {}
    for path, base in objects().items():
        text = subprocess.run(["readelf", "-rW", path], capture_output=True, text=True).stdout
        for at, name in re.findall(r"^([0-9a-f]+) .* (\\w+)(?:@\\S+)? \\+ \\w+$", text, re.M):
            if re.fullmatch(NAMES, name):
                found[base + int(at, 16)] = (path, name)
    return found
def ranges():
    rows = [line.split() for line in open("/proc/self/maps")]
    return [(*(int(word, 16) for word in row[0].split("-")), row[1]) for row in rows]
def read(known):
    memory, pages, found = open("/proc/self/mem", "rb", 0), ranges(), {}
    for at in known:
        memory.seek(at)
        (value,) = struct.unpack("Q", memory.read(8))
        found[at] = (value, next(kind for begin, end, kind in pages if begin <= at < end))
    return found
def hooked(now):
    own = [(b, e) for b, e, _ in ranges_of("_core.cpython")]
    return sum(any(b <= value < e for b, e in own) for value, _ in now.values())
def ranges_of(part):
    rows = [line.split() for line in open("/proc/self/maps") if part in line]
    return [(*(int(word, 16) for word in row[0].split("-")), row[1]) for row in rows]
"""


def bound_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader fills all entries at once: else they change as functions are first called."""
    needs(Path("/usr/bin/readelf").exists(), "readelf lists the entries (binutils)")
    monkeypatch.setenv("LD_BIND_NOW", "1")


@not_under_asan
def test_off_restores_every_entry(leaky: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound_now(monkeypatch)
    result = alone(
        ENTRIES
        + """
import ctypes
from flask_heapview.core import _core
from flask_heapview.request_context import SERVING
library = ctypes.CDLL(sys.argv[1])
ctypes.CDLL("libgcc_s.so.1")  # the unwinder, which is loaded by switching it on
known = places()
before = read(known)
results = []
for n in range(3):
    why = _core.native_start(SERVING)
    during = read(known)
    state = _core.native()
    library.leak_copies(100, 1000)
    left = _core.native_stop()
    results.append([why, hooked(during), state.entries, left, read(known) == before])
    kinds = sorted({kind for _, kind in during.values()} - {kind for _, kind in before.values()})
say(results=results, entries=len(known), kinds=kinds, sealed=sum(k == "r--p" for _, k in
    before.values()), on=_core.native() is not None)
""",
        str(leaky),
    )
    assert result["sealed"] > 5, "tables that are read-only once they are filled"
    assert result["kinds"] == [], "no page is left writable"
    assert not result["on"]
    for why, hooked, entries, left, same in result["results"]:
        assert (why, left, same) == (None, 0, True)
        assert hooked == entries > 10


STRESS = """
import ctypes, faulthandler
from flask_heapview.core import _core
from flask_heapview.request_context import SERVING
faulthandler.enable()
torture = ctypes.CDLL(sys.argv[1])
torture.rounds.restype = torture.end.restype = ctypes.c_long
known = places()
before = read(known)
threads = torture.begin(16, sys.argv[2].encode())
import warnings; warnings.simplefilter("ignore")
refused, left = [], 0
for n in range(int(sys.argv[3])):
    seen = torture.rounds()
    why = _core.native_start(SERVING, 4096.0 if n % 2 else 0.0, n + 1)
    refused += [why] if why else []
    while torture.rounds() < seen + 3:
        time.sleep(0)
    if n % 3 == 0:
        _core.native_read()
    _core.native_rescan()
    if n % 20 == 0:
        pid = os.fork()
        if pid == 0:
            _core.native_freeze(); os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    left += _core.native_stop()
rounds = torture.rounds()
broken = torture.end()
say(threads=threads, rounds=rounds, broken=broken, refused=refused, left=left,
    same=read(known) == before, on=_core.native() is not None)
"""


@not_under_asan  # it locks up in children of so many threads by itself
@pytest.mark.parametrize("times", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_on_and_off_while_threads_do_all_they_can(
    times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound_now(monkeypatch)
    torture = compiled(tmp_path, "torture", TORTURE.read_text(), "-pthread")
    plugin = compiled(tmp_path, "plugin", PLUGIN)
    result = alone(ENTRIES + STRESS, str(torture), str(plugin), str(times))
    assert result["threads"] == 16
    assert result["rounds"] > 3 * times
    assert (result["broken"], result["refused"], result["left"]) == (0, [], 0)
    assert result["same"]
    assert not result["on"]


def test_a_fork_takes_the_samples_with_it(leaky: Path) -> None:
    result = alone(
        """
        import ctypes
        from flask_heapview.core import _core
        from flask_heapview.request_context import SERVING
        library = ctypes.CDLL(sys.argv[1])
        library.leak_blocks.argtypes = [ctypes.c_size_t, ctypes.c_int]
        _core.native_start(SERVING, 4096.0, 1)
        library.leak_blocks(1000, 3000)
        before, (read, write) = _core.native().live, os.pipe()
        import warnings; warnings.simplefilter("ignore")
        pid = os.fork()
        if pid == 0:
            inherited = _core.native().live
            library.give_back()
            freed = _core.native().live
            library.leak_blocks(1000, 3000)
            os.write(write, json.dumps([inherited, freed, _core.native().live]).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        say(before=before, child=json.loads(os.read(read, 1000)), after=_core.native().live)
        """,
        str(leaky),
    )
    before = result["before"]
    inherited, freed, again = result["child"]
    assert before > 400
    assert abs(inherited - before) < 40
    assert abs(result["after"] - before) < 40
    assert freed < 0.1 * before
    assert again > 0.5 * before


HOOKED_BY_ANOTHER = r"""
#include <stddef.h>
extern void *malloc(size_t);
static void *theirs(size_t size) { return malloc(size); }
void *call_malloc(size_t size) { char *block = malloc(size); block[0] = 1; return block; }
void redirect(void **entry) { *entry = theirs; }
"""


def test_beside_another_tool_it_refuses(tmp_path: Path) -> None:
    """One that has pointed an entry at a function of its own, as profilers do that attach."""
    needs(Path("/usr/bin/readelf").exists(), "readelf lists the entries (binutils)")
    victim = compiled(tmp_path, "victim", HOOKED_BY_ANOTHER, "-Wl,-z,norelro")
    tool = compiled(tmp_path, "tool", HOOKED_BY_ANOTHER)
    result = alone(
        ENTRIES
        + """
import ctypes
from flask_heapview.core import _core
from flask_heapview.request_context import SERVING
victim, tool = (ctypes.CDLL(path) for path in sys.argv[1:])
(entry,) = [at for at, (path, name) in places().items()
            if path == sys.argv[1] and name == "malloc"]
known = places()
tool.redirect(ctypes.c_void_p(entry))
before = read(known)
why = _core.native_start(SERVING)
say(why=why, same=read(known) == before, on=_core.native() is not None)
""",
        str(victim),
        str(tool),
    )
    assert result["why"] == f"another tool has redirected malloc in {victim}"
    assert result["same"]
    assert not result["on"]


@not_under_asan
def test_a_preloaded_allocator_is_sampled(leaky: Path, tmp_path: Path) -> None:
    """What it maps itself is not counted beside what it hands out."""
    own = compiled(tmp_path, "arena", PRELOADED)
    code = """
import ctypes, json, sys, threading
from flask_heapview.allocations.native_samples import parse_native
from flask_heapview.allocations.native_sites import native_memory
from flask_heapview.core import _core
from flask_heapview.request_context import SERVING
library = ctypes.CDLL(sys.argv[1])
library.leak_blocks.argtypes = [ctypes.c_size_t, ctypes.c_int]
why = _core.native_start(SERVING, 4096.0, 1)
library.leak_blocks(1000, 5000)
found = native_memory(parse_native(_core.native_read())) if why is None else None
print(json.dumps([why, [(site.function, site.size) for site in found.sites] if found else []]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(leaky)],
        cwd=ROOT,
        env={"LD_PRELOAD": str(own), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    why, sites = json.loads(done.stdout)
    if Path(sys.executable).resolve().read_bytes()[16] == 2:  # at a fixed address: see elf(5)
        assert "another tool has redirected malloc" in why
        return
    assert why is None
    sizes = {function: size for function, size in sites if size > 500_000}
    assert sizes == {"leak_blocks": pytest.approx(5_000_000, rel=0.15)}


PRELOADED = r"""
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
static char *at, *end;
static int lock;
void *malloc(size_t size)
{
    size = ((size + 15) & ~(size_t)15) + 16;
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
    }
    if ((size_t)(end - at) < size) {
        size_t chunk = size > ((size_t)1 << 22) ? size : (size_t)1 << 22;
        at = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        end = at + chunk;
    }
    size_t *block = (size_t *)at;
    at += size;
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    *block = size - 16;
    return block + 2;
}
void free(void *block) { (void)block; }
void *calloc(size_t number, size_t size) { return malloc(number * size); }
void *realloc(void *block, size_t size)
{
    void *made = malloc(size);
    if (block != NULL) {
        size_t old = ((size_t *)block)[-2];
        memcpy(made, block, old < size ? old : size);
    }
    return made;
}
"""
