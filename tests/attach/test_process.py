"""Why a process cannot be attached to, in words: told from /proc alone, on every Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flask_heapview.attach import process
from flask_heapview.errors import CannotAttach

from ..helpers import wait_until
from .targets import NEEDS_ROOT, attach, running

LINE = "7f00-7f01 r-xp 00000000 08:01 123                        "


def maps(*paths: str) -> str:
    return "".join(f"{LINE}{path}\n" for path in ("", "[heap]", "/usr/lib/libc.so.6", *paths))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/bin/python3.14", ("3.14", False)),
        ("/usr/bin/python3.14 (deleted)", ("3.14", False)),
        ("/usr/bin/python3.14t", ("3.14", True)),
        ("/usr/bin/python3.14d", ("3.14", False)),
        ("/usr/lib/libpython3.13.so.1.0", ("3.13", False)),
        ("/usr/lib/libpython3.14t.so.1.0", ("3.14", True)),
        ("/usr/lib/python3/_json.cpython-312-x86_64-linux-gnu.so", ("3.12", False)),
        ("/usr/lib/python3/_json.cpython-314t-x86_64-linux-gnu.so", ("3.14", True)),
    ],
)
def test_the_interpreter_is_told_by_what_is_mapped(path: str, expected: tuple[str, bool]) -> None:
    assert process.interpreters(maps(path)) == {expected}


def test_this_process_is_told() -> None:
    found = process.interpreters(Path("/proc/self/maps").read_text())
    assert ("{}.{}".format(*sys.version_info), "t" in sys.abiflags) in found


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/usr/bin/nginx", "Process 7 does not run Python"),
        ("/usr/lib/libpypy3.10-c.so", "Process 7 runs PyPy"),
        ("/usr/bin/python3.11", "Process 7 runs Python 3.11. It can be attached to from 3.14 on"),
        ("/usr/bin/python3.15", "Process 7 runs Python 3.15, and this command runs on 3.14"),
        ("/usr/bin/python3.14t", "Process 7 runs a free-threaded build of Python 3.14"),
    ],
)
def test_another_interpreter_is_refused(path: str, words: str) -> None:
    with pytest.raises(CannotAttach, match=words):
        process.require_interpreter(7, maps(path), (3, 14))


def test_the_same_interpreter_is_not() -> None:
    process.require_interpreter(7, maps("/usr/bin/python3.14"), (3, 14))


def test_an_older_python_cannot_attach() -> None:
    with pytest.raises(CannotAttach, match=r"needs Python 3\.14 or later, and .* runs on 3\.11"):
        process.require_python((3, 11))
    process.require_python((3, 14))


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python can attach")
def test_the_command_says_so_on_an_older_python(tmp_path: Path) -> None:
    said = attach(os.getpid(), tmp_path, code=1)
    assert "Attaching needs Python 3.14 or later" in said
    assert not (tmp_path / "store").exists()


def test_no_such_process() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(CannotAttach, match=f"There is no process {ended.pid}"):
        process.examine(ended.pid)


def test_a_process_that_has_ended() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    status = Path(f"/proc/{ended.pid}/status")
    wait_until(lambda: "State:\tZ" in status.read_text(), 30, "its end")
    try:
        with pytest.raises(CannotAttach, match="has ended"):
            process.examine(ended.pid)
        assert not process.is_alive(ended.pid)
    finally:
        ended.wait()


def test_the_command_itself() -> None:
    with pytest.raises(CannotAttach, match="the command itself"):
        process.examine(os.getpid())


def test_another_program(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "60"])
    exe = Path(f"/proc/{other.pid}/exe")
    try:
        wait_until(lambda: "sleep" in os.readlink(exe) or "box" in os.readlink(exe), 30)
        with pytest.raises(CannotAttach, match="does not run Python"):
            process.examine(other.pid)
    finally:
        other.kill()
        other.wait()


NOBODY = 65534


def as_nobody() -> dict[str, int]:
    """Arguments of subprocess for another user than root; skips where that user has no Python."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import flask_heapview.errors"],
            user=NOBODY,
            capture_output=True,
            check=False,
        )
        works = done.returncode == 0
    except PermissionError:
        works = False
    if not works:
        pytest.skip("the user nobody cannot run this Python")
    return {"user": NOBODY}


UP = "import time; print('up', flush=True); time.sleep(600)"


@NEEDS_ROOT
def test_another_users_process(tmp_path: Path) -> None:
    with (
        running(tmp_path, UP, **as_nobody()) as target,
        pytest.raises(CannotAttach, match=r"belongs to the user \w+, and .* sudo -u \w+"),
    ):
        process.examine(target.pid)


@NEEDS_ROOT
def test_a_process_in_another_container(tmp_path: Path) -> None:
    with (
        running(tmp_path, f"import os; os.chroot({str(tmp_path)!r}); {UP}") as target,
        pytest.raises(CannotAttach, match="lives in another container"),
    ):
        process.examine(target.pid)


# PR_SET_DUMPABLE off: the kernel lets nobody but root look into the process, as ptrace_scope does
HIDDEN = f"import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); {UP}"
EXAMINE = """
import sys
from flask_heapview.attach import process
from flask_heapview.errors import CannotAttach
try:
    process.examine(int(sys.argv[1]))
except CannotAttach as error:
    print(error.detail)
"""


def test_a_process_that_the_kernel_hides(tmp_path: Path) -> None:
    same_user = as_nobody() if os.geteuid() == 0 else {}
    with running(tmp_path, HIDDEN, **same_user) as target:
        done = subprocess.run(
            [sys.executable, "-c", EXAMINE, str(target.pid)],
            capture_output=True,
            text=True,
            check=True,
            **same_user,
        )
    assert f"The kernel does not let this command look into process {target.pid}" in done.stdout


@pytest.mark.parametrize(
    ("scope", "words"), [("1\n", "ptrace_scope is 1"), ("0\n", "SYS_PTRACE"), (None, "SYS_PTRACE")]
)
def test_why_the_kernel_does_not_let_us(
    scope: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ptrace_scope"
    if scope is not None:
        file.write_text(scope)
    monkeypatch.setattr(process, "YAMA", file)
    assert words in process.no_permission(7).detail


@pytest.mark.parametrize(
    ("environ", "options", "words"),
    [
        ("A=1\0PYTHON_DISABLE_REMOTE_DEBUG=1\0", "", "variable PYTHON_DISABLE_REMOTE_DEBUG is set"),
        ("A=1\0", "python\0-X\0disable-remote-debug\0", "started with -X disable-remote-debug"),
        ("A=1\0", "python\0-X\0disable_remote_debug\0", "started with -X disable-remote-debug"),
        ("A=1\0", "python\0", "built with --without-remote-debug"),
    ],
)
def test_who_has_switched_it_off(
    environ: str, options: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "environ").write_text(environ)
    (tmp_path / "7" / "cmdline").write_text(options)
    monkeypatch.setattr(process, "PROC", tmp_path)
    assert words in process.switched_off(7).detail


def test_the_workers_of_a_master_are_told(tmp_path: Path) -> None:
    code = "import os, time; os.fork(); print('up', flush=True); time.sleep(600)"
    with running(tmp_path, code, start_new_session=True) as master:
        (worker,) = wait_until(lambda: process.twins_below(master.pid), 30, "the worker")
        assert process.twins_below(worker) == []
        os.kill(worker, 9)
