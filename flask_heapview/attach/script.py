"""What runs in the attached process: a script that leaves nothing of itself behind.

The command copies this file, adds one line that calls `begin`, and has CPython run the copy. It
must not lean on the package, which it takes out of the process again. CPython runs it in the main
thread, between any two bytecodes (PEP 768), so the main thread may hold any lock of Python's: there
it does no more than start a thread, by the call that takes none.
"""

from __future__ import annotations

import _thread
import gc
import sys
from typing import Any

PACKAGE = "flask_heapview"
TURN_SECONDS = 0.001  # between two imports, for others; gevent's sleep(0) leaves out what waits
ANSWER, CLAIM = "answer", "wanted"  # names of files in the private directory


class Lender:
    """A finder for the few packages that the capture needs, and for no other.

    An entry in sys.path would do for every import of the service's meanwhile, too.
    """

    def __init__(self, folders: dict[str, str]) -> None:
        self.folders = folders
        self.lent: list[str] = []

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:  # noqa: ARG002
        """The spec of a top-level package of ours; importlib asks others for all else."""
        if path is not None or name not in self.folders:
            return None
        finder = sys.modules["_frozen_importlib_external"].PathFinder
        spec = finder.find_spec(name, [self.folders[name]])
        if spec is not None:
            self.lent.append(name)
        return spec


class Traces:
    """What was there before, and how to come back to it."""

    def __init__(self) -> None:
        self.modules = set(sys.modules)
        self.importers = set(sys.path_importer_cache)
        self.loggers = set(_loggers())
        self.filters = list(_filters())
        self.libraries = _open_libraries()
        self.first, self.last = Lender({}), Lender({})

    def lend(self, folder: str, others: dict[str, str]) -> None:
        """Our package is found first, unless it is loaded; what it needs, after the service's."""
        self.first.folders = {PACKAGE: folder}
        self.last.folders = others
        sys.meta_path.insert(0, self.first)
        sys.meta_path.append(self.last)

    def clear(self) -> dict[str, object]:
        """Takes away what came, and says what stays."""
        for finder in (self.first, self.last):
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)
        came = set(sys.modules) - self.modules
        for name in [n for n in came if n.partition(".")[0] == PACKAGE]:
            _forget(name)
        for place in set(sys.path_importer_cache) - self.importers:
            sys.path_importer_cache.pop(place, None)
        loggers = _loggers()
        for name in set(loggers) - self.loggers:
            if name.partition(".")[0] == PACKAGE:
                loggers.pop(name, None)
        filters = _filters()
        for entry in [e for e in filters if e not in self.filters and _is_ours(e)]:
            filters.remove(entry)
        return {
            "stays": sorted(came & set(sys.modules)),
            "lent": sorted({*self.last.lent} & set(sys.modules)),
            "open": sorted(_open_libraries() - self.libraries),
        }


def _open_libraries() -> set[str]:
    """Shared libraries that a descriptor is open on: libffi keeps one on its own file."""
    import os

    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            link = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # closed meanwhile
            continue
        if ".so" in link:
            found.add(link)
    return found


def _forget(name: str) -> None:
    """Takes a module out, and out of the package that it lies in."""
    module = sys.modules.pop(name, None)
    place, _, own = name.rpartition(".")
    parent = sys.modules.get(place)
    if parent is not None and vars(parent).get(own) is module:
        delattr(parent, own)


def _loggers() -> dict[str, Any]:
    logging = sys.modules.get("logging")
    return {} if logging is None else logging.root.manager.loggerDict


def _filters() -> list[Any]:
    warnings = sys.modules.get("warnings")
    return [] if warnings is None else warnings.filters


def _is_ours(entry: Any) -> bool:
    """Whether it is the filter for CPython's warning of a fork beside threads."""
    return "multi-threaded, use of fork" in str(getattr(entry[1], "pattern", entry[1]))


def answer(folder: str, said: dict[str, object]) -> None:
    """Leaves a literal for the command, all or nothing."""
    import os

    part = f"{folder}/{ANSWER}.part"
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        data = repr(said).encode(errors="backslashreplace")
        while data:
            data = data[os.write(fd, data) :]
    finally:
        os.close(fd)
    os.rename(part, f"{folder}/{ANSWER}")


def claim(folder: str) -> bool:
    """Whether the command still waits: whoever takes the mark away first has decided."""
    import os

    try:
        os.unlink(f"{folder}/{CLAIM}")
    except OSError:
        return False
    return True


def work(folder: str, wanted: dict[str, Any]) -> None:
    """One capture, in a thread that ends after it."""
    if not claim(folder):
        return
    if any(type(finder).__name__ == Lender.__name__ for finder in sys.meta_path):
        answer(folder, {"state": "refused", "reason": "Another attach is running. Wait for it."})
        return
    before = Traces()
    # what comes stays in the youngest generation: it can be freed on its own. A child that is
    # forked meanwhile would be without a collector for good, so a process that forks keeps it on
    wanted["put_off"] = gc.isenabled() and not _has_children()
    if wanted["put_off"]:
        gc.disable()
    said: dict[str, object] = {"state": "failed", "reason": "it ended early"}
    try:
        before.lend(wanted["package"], wanted["packages"])
        said = _capture(wanted)
    except BaseException as error:
        said["reason"] = f"{type(error).__name__}: {error}"
    finally:
        try:
            said |= before.clear()
        finally:
            if wanted["put_off"]:
                gc.collect(0)
                gc.enable()
    said["loaded"] = f"{PACKAGE}.extension" in before.modules
    answer(folder, said)
    globals().clear()  # functions and their namespace hold one another: garbage, were it left so


def _has_children() -> bool:
    """Whether it has child processes now, by proc(5)."""
    import os

    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/children") as file:
                if file.read():
                    return True
        except OSError:  # the thread has ended
            continue
    return False


def _capture(wanted: dict[str, Any]) -> dict[str, object]:
    """Imports module by module: under gevent, the service's greenlets have a turn in between."""
    import importlib
    import time

    for name in wanted["modules"]:
        try:
            importlib.import_module(name)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            return {"state": "unfit", "module": name, "reason": reason}
        time.sleep(TURN_SECONDS)
    taken: dict[str, object] = sys.modules[wanted["modules"][-1]].take(wanted)
    return taken


def begin(folder: str, wanted: dict[str, Any]) -> None:
    """Starts the thread; the main thread goes on at once."""
    _thread.start_new_thread(work, (folder, wanted))
