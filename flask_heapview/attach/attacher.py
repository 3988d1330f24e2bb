"""The command's side: has the process run the script, waits, and says how it went."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ..errors import AttachFailed, CannotAttach, HeapViewError
from ..model.snapshot import SnapshotInfo
from ..store.directory import explain, private_directory
from ..store.private_file import write_private
from ..store.snapshots import Store
from . import process, script

MAX_CAPTURE_SECONDS = 120.0  # that the capture may take
MAX_EXTRA_SECONDS = 360.0  # after it, until the snapshot is built
HINT_SECONDS = 2.0  # seconds without a sign of life, after which words are due
POLL_SECONDS = 0.02
MAX_NAMED_WORKERS = 8
PLACE = "attach-"  # how the names of private directories begin
NOTHING = os.devnull  # a script that does nothing
# imported one by one in the process, each within some 20 ms; the last one has `take`
MODULES = (
    "msgspec",
    "flask_heapview.model.snapshot",
    "flask_heapview.inspection.code_locations",
    "ctypes",
    "psutil",
    "flask_heapview.process.memory",
    "flask_heapview.process.resources",
    "flask_heapview.capture.base",
    "flask_heapview.capture.runner",
    "flask_heapview.core.selfcheck",
    "flask_heapview.allocations.samples",
    "flask_heapview.capture.native.walk_file",
    "flask_heapview.capture.native.snapshot_builder",
    "flask_heapview.capture.native.engine",
    "flask_heapview.capture.select",
    "flask_heapview.store.snapshots",
    "flask_heapview.attach.capture",
)
# top-level packages that these need; lent to a process that does not have them
NEEDED = ("msgspec", "psutil", "guppy", "objgraph", "pympler")
Tell = Callable[[str], None]


class Attached(msgspec.Struct, frozen=True):
    """What a capture in an attached process gave, and what it left there."""

    info: SnapshotInfo
    seconds: float  # from the call to the snapshot
    stays: list[str]  # modules that came and stay imported
    lent: list[str]  # packages that the process does not have itself
    open: list[str]  # libraries that a descriptor stays open on
    loaded: bool  # whether the process had loaded flask-heapview itself


class Attacher:
    """Takes one snapshot of one process into a store."""

    def __init__(self, pid: int, store: Store, tell: Tell, label: str = "") -> None:
        self.pid, self.store, self.tell, self.label = pid, store, tell, label

    def take(self, patience: float, wake: bool = False) -> Attached:
        """Has the process take a snapshot of itself. It has `patience` seconds to begin.

        `wake` sends SIGUSR1 to an idle process. Raises CannotAttach, AttachFailed, StoreError.
        """
        process.require_python()
        process.examine(self.pid)
        if wake and not process.handles_usr1(self.pid):
            raise CannotAttach(
                f"Process {self.pid} does not handle SIGUSR1: the signal would end it. "
                "Leave --wake out. A request wakes an idle worker."
            )
        self._name_workers()
        place = self._private_place()
        try:
            began = time.monotonic()
            self._send(place / "script.py")
            try:
                if wake:
                    os.kill(self.pid, signal.SIGUSR1)
                self._await_begin(place, patience)
            except BaseException:  # ^C, too: the file must not go while it may still be run
                self._cancel(place)
                raise
            said = self._await_end(place)
            return self._attached(said, time.monotonic() - began)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _name_workers(self) -> None:
        """A server's master process serves no requests, and nobody looks for leaks in it."""
        workers = process.twins_below(self.pid)
        if workers:
            named = ", ".join(map(str, workers[:MAX_NAMED_WORKERS]))
            self.tell(
                f"Process {self.pid} has child processes of the same command: {named}. "
                "If it is a master, attach to one of these instead."
            )

    def _private_place(self) -> Path:
        """A directory in the store's, 0700, with the script and the mark that it is wanted."""
        directory = private_directory(self.store.directory.absolute())
        try:
            _tidy(directory)
            place = Path(tempfile.mkdtemp(prefix=f"{PLACE}{os.getpid()}-", dir=directory))
            write_private(place / script.CLAIM, b"")
            write_private(place / "script.py", self._script(place))
        except OSError as error:
            raise HeapViewError(explain(error, directory)) from error
        return place

    def _script(self, place: Path) -> bytes:
        wanted = {
            "directory": str(self.store.directory.absolute()),
            "label": self.label,
            "deadline": MAX_CAPTURE_SECONDS,
            "python": sys.executable,
            "path": [os.path.abspath(entry) for entry in sys.path if entry],
            "package": str(Path(__file__).parents[2]),
            "packages": _folders(),
            "modules": MODULES,
        }
        source = Path(script.__file__).read_text(encoding="utf-8")
        return f"{source}\n\nbegin({str(place)!r}, {wanted!r})\n".encode(errors="surrogateescape")

    def _send(self, path: Path | str) -> None:
        """Raises CannotAttach."""
        try:
            _remote_exec(self.pid, str(path))
        except PermissionError:
            raise process.no_permission(self.pid) from None
        except ValueError:
            raise CannotAttach(
                f"The path of the store is too long for CPython: {path}. Choose a shorter --dir."
            ) from None
        except (RuntimeError, OSError) as error:
            raise self._refused(error) from None

    def _refused(self, error: BaseException) -> CannotAttach:
        """In words of ours where the reason is known, else in CPython's."""
        said = []
        cause: BaseException | None = error
        while cause is not None:
            said.append(str(cause))
            cause = cause.__cause__
        if not process.is_alive(self.pid):
            return CannotAttach(f"Process {self.pid} has ended.")
        if "not enabled in the remote" in said[0]:
            return process.switched_off(self.pid)
        if "not enabled" in said[0] or "not been compiled in" in said[0]:
            return CannotAttach(
                "Attaching is switched off in this command's own Python. "
                f"Unset {process.OFF_VARIABLE}, or use a Python that was built with it."
            )
        return CannotAttach(f"CPython cannot attach to process {self.pid}: {'; '.join(said)}.")

    def _await_begin(self, place: Path, patience: float) -> None:
        """Until the script has run. Raises CannotAttach, after which it never will."""
        until, hint = time.monotonic() + patience, time.monotonic() + HINT_SECONDS
        while (place / script.CLAIM).exists():
            if not process.is_alive(self.pid):
                raise CannotAttach(f"Process {self.pid} has ended before it ran the script.")
            if time.monotonic() > until and self._cancel(place):
                raise CannotAttach(
                    f"Process {self.pid} did not run the script within {patience:g} s, and will "
                    "not run it any more. Its main thread is idle, or busy in C code. "
                    "A request wakes an idle worker. An audit hook may also refuse the script."
                )
            if time.monotonic() > hint:
                hint = until + 1
                self._hint()
            time.sleep(POLL_SECONDS)

    def _cancel(self, place: Path) -> bool:
        """Whether the script was still wanted; from now on it does nothing."""
        if not script.claim(str(place)):
            return False
        with contextlib.suppress(CannotAttach):  # it has ended
            self._send(NOTHING)  # takes the place of the script that is about to go
        return True

    def _hint(self) -> None:
        self.tell(
            f"Process {self.pid} is idle, or busy in C code: its main thread runs no Python. "
            "A request wakes an idle worker."
        )
        with contextlib.suppress(CannotAttach):  # it has ended meanwhile: the next look says so
            if process.handles_usr1(self.pid):
                self.tell("So does --wake: it sends SIGUSR1, at which gunicorn reopens its logs.")

    def _await_end(self, place: Path) -> dict[str, Any]:
        """The script's last words. Raises AttachFailed."""
        until = time.monotonic() + MAX_CAPTURE_SECONDS + MAX_EXTRA_SECONDS
        while time.monotonic() < until:
            said = _answer(place)
            if said is not None:
                return said
            if not process.is_alive(self.pid):
                raise AttachFailed(f"Process {self.pid} has ended during the capture.")
            time.sleep(POLL_SECONDS)
        raise AttachFailed(f"Process {self.pid} did not end the capture in time.")

    def _attached(self, said: dict[str, Any], seconds: float) -> Attached:
        state, reason = said["state"], said.get("reason", "")
        if state == "unfit":
            raise AttachFailed(
                f"flask-heapview could not be loaded in process {self.pid}, with the packages that "
                f"it has: {said['module']}: {reason}."
            )
        if state == "refused":
            raise CannotAttach(f"Process {self.pid} refused the capture. {reason}")
        if state != "done":
            raise AttachFailed(f"The capture in process {self.pid} failed: {reason}.")
        return Attached(
            info=self.store.info(said["snapshot"]),
            seconds=seconds,
            stays=said["stays"],
            lent=said["lent"],
            open=said["open"],
            loaded=said["loaded"],
        )


def _tidy(directory: Path) -> None:
    """Drops what commands left that were killed."""
    for place in directory.glob(f"{PLACE}*-*"):
        pid = place.name.removeprefix(PLACE).partition("-")[0]
        if pid.isdigit() and not process.is_alive(int(pid)):
            shutil.rmtree(place, ignore_errors=True)


def _remote_exec(pid: int, path: str) -> None:
    """Has a process run a file. Raises what sys.remote_exec does."""
    if sys.version_info >= (3, 14):
        sys.remote_exec(pid, path)


def _answer(place: Path) -> dict[str, Any] | None:
    try:
        found = ast.literal_eval((place / script.ANSWER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found if isinstance(found, dict) else None


def _folders() -> dict[str, str]:
    """Where this command has the packages that a capture needs."""
    from importlib.util import find_spec

    found = {}
    for name in NEEDED:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            place = Path(spec.origin)
            found[name] = str(place.parents[1] if spec.submodule_search_locations else place.parent)
    return found
