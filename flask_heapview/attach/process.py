"""Looks at a process from outside, and says in words why it cannot be attached to.

Sources: proc(5) for the files in /proc/PID, PEP 768 and CPython's Doc/howto/remote_debugging.rst
for what `sys.remote_exec` needs.
"""

from __future__ import annotations

import os
import pwd
import re
import signal
import sys
from pathlib import Path

import psutil

from ..errors import CannotAttach

OLDEST = (3, 14)
PROC = Path("/proc")
YAMA = PROC / "sys/kernel/yama/ptrace_scope"
OFF_VARIABLE, OFF_OPTION = "PYTHON_DISABLE_REMOTE_DEBUG", "disable-remote-debug"
_INTERPRETER = re.compile(r"^(?:lib)?python(\d+\.\d+)(t?)d?(?:\.so[\d.]*)?(?: \(deleted\))?$")
_MODULE = re.compile(r"\.cpython-3(\d+)(t?)d?-")


def require_python(version: tuple[int, ...] = sys.version_info[:2]) -> None:
    """Raises CannotAttach where this Python cannot attach to any process."""
    if version < OLDEST:
        raise CannotAttach(
            f"Attaching needs Python 3.14 or later, and this command runs on {_dotted(version)}. "
            "The process needs the same version as the command."
        )
    if sys.platform != "linux":
        raise CannotAttach("Attaching works on Linux only: it reads /proc.")


def examine(pid: int) -> None:
    """Raises CannotAttach where the process is none that can be attached to."""
    status = _status(pid)
    if status.get("State", "").startswith(("Z", "X")):
        raise CannotAttach(f"Process {pid} has ended; its parent has not noticed yet.")
    if pid == os.getpid():
        raise CannotAttach("This is the process of the command itself. Name another one.")
    owner = int(status["Uid"].split()[1])
    if owner != os.geteuid():
        raise CannotAttach(
            f"Process {pid} belongs to the user {_user(owner)}, and the command runs as "
            f"{_user(os.geteuid())}. Run it as the same user: sudo -u {_user(owner)} …"
        )
    try:
        maps = (PROC / str(pid) / "maps").read_text(errors="replace")
        root, own = os.stat(PROC / str(pid) / "root"), os.stat("/")
    except PermissionError:
        raise no_permission(pid) from None
    except OSError:
        raise _gone(pid) from None
    require_interpreter(pid, maps)
    if (root.st_dev, root.st_ino) != (own.st_dev, own.st_ino):
        raise CannotAttach(
            f"Process {pid} lives in another container: it sees other files than this command. "
            "Run the command inside it, for instance by docker exec or kubectl exec."
        )


def _gone(pid: int) -> CannotAttach:
    return CannotAttach(f"There is no process {pid}.")


def _status(pid: int) -> dict[str, str]:
    """The lines of /proc/PID/status. Raises CannotAttach where there is no such process."""
    try:
        text = (PROC / str(pid) / "status").read_text(errors="replace")
    except OSError:
        raise _gone(pid) from None
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in pairs}


def is_alive(pid: int) -> bool:
    """Whether the process still runs."""
    try:
        return not _status(pid).get("State", "Z").startswith(("Z", "X"))
    except CannotAttach:
        return False


def twins_below(pid: int) -> list[int]:
    """Children that run the same command: the workers of a master, the server of a reloader."""
    try:
        parent = psutil.Process(pid)
        command = parent.cmdline()
        return [child.pid for child in parent.children() if child.cmdline() == command]
    except psutil.Error:
        return []


def handles_usr1(pid: int) -> bool:
    """Whether SIGUSR1 runs a function of the process; without one it would end the process."""
    caught = int(_status(pid).get("SigCgt", "0"), 16)
    return bool(caught >> (signal.SIGUSR1 - 1) & 1)


def interpreters(maps: str) -> set[tuple[str, bool]]:
    """(version, whether free-threaded) of each CPython that /proc/PID/maps names."""
    names = {line.rpartition("/")[2] for line in maps.splitlines() if "/" in line}
    found = {(m[1], bool(m[2])) for m in map(_INTERPRETER.match, names) if m}
    return found or {(f"3.{m[1]}", bool(m[2])) for m in map(_MODULE.search, names) if m}


def require_interpreter(
    pid: int, maps: str, version: tuple[int, ...] = sys.version_info[:2]
) -> None:
    """Raises CannotAttach unless the process runs a CPython of that version."""
    found, ours = interpreters(maps), _dotted(version)
    if not found:
        what = "runs PyPy" if "pypy" in maps else "does not run Python"
        raise CannotAttach(f"Process {pid} {what}. Only CPython can be attached to.")
    if (ours, False) in found:
        return
    theirs = max(found)[0]
    if tuple(map(int, theirs.split("."))) < OLDEST:
        raise CannotAttach(
            f"Process {pid} runs Python {theirs}. It can be attached to from 3.14 on. "
            "Mount flask-heapview on its app instead."
        )
    if theirs != ours:
        raise CannotAttach(
            f"Process {pid} runs Python {theirs}, and this command runs on {ours}. "
            "Run the command with the Python of the process."
        )
    raise CannotAttach(
        f"Process {pid} runs a free-threaded build of Python {theirs}. "
        "flask-heapview does not know free-threaded builds."
    )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def no_permission(pid: int) -> CannotAttach:
    """Why the kernel does not let us, as far as it can be seen."""
    try:
        scope = int(YAMA.read_text())
    except (OSError, ValueError):
        scope = 0
    if scope:
        return CannotAttach(
            f"The kernel does not let this command look into process {pid}: "
            f"kernel.yama.ptrace_scope is {scope}. Start the service by setpriv --ptracer any, "
            "or run sysctl kernel.yama.ptrace_scope=0 as root."
        )
    return CannotAttach(
        f"The kernel does not let this command look into process {pid}. "
        "In a container, add the capability SYS_PTRACE."
    )


def switched_off(pid: int) -> CannotAttach:
    """What has switched remote execution off in the process, as far as it can be seen."""
    try:
        place = PROC / str(pid)
        environ = (place / "environ").read_bytes().split(b"\0")
        options = (place / "cmdline").read_bytes()
    except OSError:
        environ, options = [], b""
    if any(row.startswith(f"{OFF_VARIABLE}=".encode()) for row in environ):
        why = f"the environment variable {OFF_VARIABLE} is set. Start it without that"
    elif OFF_OPTION.encode() in options.replace(b"_", b"-"):
        why = f"it was started with -X {OFF_OPTION}. Start it without that"
    else:
        why = "its Python was built with --without-remote-debug, or its settings say so"
    return CannotAttach(f"Attaching is switched off in process {pid}: {why}.")
