"""The named roots of the heap: the modules, the app's own first, and the threads' frames."""

from __future__ import annotations

import gc
import os
import re
import sys
import sysconfig
import threading
import types
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from ..model.ownership import CURRENT_APP, MODULE, OWN_PACKAGES
from ..text import clean
from .type_info import is_written, mro_of

_module_dict = vars(types.ModuleType)["__dict__"].__get__
_get = object.__getattribute__
CONTAINERS = frozenset((dict, list, set, frozenset, tuple, type))  # which may be long
APP, LIBRARY, STANDARD, OURS = range(4)


class Root(msgspec.Struct):
    """A module that can be walked from."""

    name: str
    module: object
    rank: int
    imported: bool = True  # not made by hand, out of what may be data


def _library_dirs() -> tuple[tuple[str, ...], tuple[str, ...]]:
    paths = sysconfig.get_paths()
    libraries = {paths["purelib"], paths["platlib"]}
    standard = {paths["stdlib"], paths["platstdlib"]}
    return tuple(libraries), tuple(standard)


_LIBRARIES, _STANDARD = _library_dirs()


def rank_of(name: str, file: object) -> int:
    """Whose module that is, judged by where its file lies."""
    if name.partition(".")[0] in OWN_PACKAGES:
        return OURS
    if name == "__main__":
        return APP
    if type(file) is not str:
        return STANDARD
    if file.startswith(_LIBRARIES) or "site-packages" in file or "dist-packages" in file:
        return LIBRARY
    return STANDARD if file.startswith((*_STANDARD, "<frozen")) else APP


def module_dict(module: object) -> dict[str, Any] | None:
    """The module's dictionary; None for what only stands in sys.modules in place of one."""
    if any(base is types.ModuleType for base in mro_of(type(module))):
        return _module_dict(module)  # type: ignore[no-any-return]
    return None


def _origin(attributes: dict[str, Any]) -> tuple[object, object]:
    """A module's file and its spec. No key is asked whether it equals."""
    found = {"__file__": None, "__spec__": None}
    for name, value in dict.items(attributes):
        if type(name) is str and name in found:
            found[name] = value
    return found["__file__"], found["__spec__"]


def roots_of(app: object | None) -> list[Root]:
    """The modules, and the app, where no module leads to it.

    An app of a factory hangs on its server, and on each thread that serves a request of it: the
    shortest way to it changes from moment to moment. By one name it is found again.
    """
    found = modules()
    if app is not None and not _is_named(app, found):
        found.append(Root(CURRENT_APP, app, APP))
    return found


def _is_named(app: object, roots: Iterable[Root]) -> bool:
    """Whether a module has it, or one of the app's own modules has an instance that has it."""
    for root in roots:
        for value in list(dict.values(module_dict(root.module) or {})):
            if value is app or (root.rank == APP and _has(value, app)):
                return True
    return False


def _has(holder: object, app: object) -> bool:
    """Whether an instance of a class that somebody wrote refers to it by an attribute. The types
    say what they refer to, and so none of the app's code is called."""
    kind = type(holder)
    if not is_written(kind) or any(base in CONTAINERS for base in mro_of(kind)):
        return False
    return any(
        one is app or (type(one) is dict and any(each is app for each in list(dict.values(one))))
        for one in gc.get_referents(holder)
    )


def modules() -> list[Root]:
    """Every module that has a dictionary: the app's, then libraries', then the standard ones."""
    roots = []
    for name, module in list(sys.modules.items()):
        if type(name) is not str:
            continue
        file, spec = _origin(module_dict(module) or {})
        imported = file is not None or spec is not None or name == "__main__"
        shown = clean(name) if imported else MODULE
        roots.append(Root(shown, module, rank_of(name, file), imported))
    roots.sort(key=lambda root: root.rank)  # stable: import order within a rank
    return roots


class ThreadRoot(msgspec.Struct):
    """A thread's name and its topmost frame."""

    name: str
    frame: types.FrameType


def threads(frames: Mapping[int, types.FrameType]) -> list[ThreadRoot]:
    """The frames of every thread but the calling one, out of those of all, by ident."""
    own, known = threading.get_ident(), known_threads()
    return [
        ThreadRoot(known.get(ident, ("?", False))[0], frame)
        for ident, frame in frames.items()
        if ident != own
    ]


def known_threads() -> dict[int, tuple[str, bool]]:
    """(name, whether it is a daemon) of every thread that threading knows, past its properties."""
    found: dict[int, tuple[str, bool]] = {}
    for ident, thread in list(threading._active.items()):  # type: ignore[attr-defined]
        try:
            found[ident] = clean(_get(thread, "_name")), bool(_get(thread, "_daemonic"))
        except AttributeError:
            continue
    names = fold_names({ident: name for ident, (name, _) in found.items()})
    return {ident: (names[ident], daemon) for ident, (_, daemon) in found.items()}


def fold_names(names: dict[int, str]) -> dict[int, str]:
    """Writes '#' for the numbers that pools give their threads: Thread-7, pool-0_3."""
    return {ident: re.sub(r"([-_])\d+", r"\1#", name) for ident, name in names.items()}


@lru_cache(maxsize=4096)
def _file_rank(file: str) -> int:
    return rank_of("", file) if os.path.isabs(file) else APP


def innermost_library(files: Iterable[str]) -> str:
    """The file of the library that asked for memory, of a traceback's files, the innermost first.
    What it called of the standard library is left out. Empty where the app itself had asked."""
    for file in files:
        if file.startswith("<"):
            continue
        rank = _file_rank(file)
        if rank != STANDARD:
            return file if rank == LIBRARY else ""
    return ""


def app_file(file: str) -> bool:
    """Whether a source file is the app's own, not a library's."""
    if file.startswith("<"):
        return False
    return _file_rank(file) == APP
