"""The installed distributions that own what is imported, by the files that installers leave.

The formats are those of "Recording installed projects" and "Core metadata" (packaging.python.org).
Nothing is imported to read them, and of each distribution only its name and version are told.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from ..model.libraries import Distribution, Libraries
from ..text import clean

MAX_FILE_BYTES = 4_000_000  # that are read of one list of files
MAX_METADATA_BYTES = 16_384  # in which name and version stand: they come first
MAX_NAME_CHARACTERS = 80
MAX_DEPTH = 4  # parts of a module's name by which the owners of a shared package are told apart
_LEVELS = {"alpha": "a", "beta": "b", "candidate": "rc"}
_ENDINGS = (".dist-info", ".egg-info")


class _Installed(msgspec.Struct):
    """One distribution, and the dotted names of its modules, up to MAX_DEPTH parts."""

    name: str
    version: str
    modules: set[str]


def python_version() -> str:
    """That of this process: 3.12.4, or 3.15.0rc2."""
    major, minor, micro, level, serial = sys.version_info
    end = f"{_LEVELS[level]}{serial}" if level in _LEVELS else ""
    return f"{major}.{minor}.{micro}{end}"


def libc_version() -> str:
    """The C library of this process: "glibc 2.36", or "musl", which tells no version.

    See confstr(3). Empty where it is neither.
    """
    try:
        return clean(os.confstr("CS_GNU_LIBC_VERSION") or "", MAX_NAME_CHARACTERS)
    except (AttributeError, OSError, ValueError):
        # the platform's triplet, as in the names of extension modules (PEP 656 calls it musl, too)
        return "musl" if "musl" in getattr(sys.implementation, "_multiarch", "") else ""


def import_path() -> list[str]:
    """The directories from which this process imports, some of them relative to where it runs."""
    return [entry or os.curdir for entry in list(sys.path) if type(entry) is str]


def libraries(
    python: str,
    path: Sequence[str],
    imported: Collection[str],
    app: str | None = None,
    libc: str = "",
) -> Libraries:
    """The distributions in those directories that own some of the imported modules.

    `imported` are dotted names of modules, `app` is the module that the app is defined in.
    """
    names = {name for name in imported if type(name) is str}
    tops = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    found: dict[str, _Installed] = {}
    for one in _installed(path, tops):
        found.setdefault(one.name.lower(), one)  # the first one on the path is what is imported
    owners: dict[str, int] = {}
    for one in found.values():
        for module in one.modules:
            owners[module] = owners.get(module, 0) + 1
    rows = []
    for one in found.values():
        modules = _alone(one.modules, owners, names)
        if modules:
            rows.append(Distribution(name=one.name, version=one.version, modules=modules))
    rows.sort(key=lambda row: row.name.lower())
    made = Libraries(python=python, libc=libc, distributions=rows)
    own = made.owner_of(app) if app else None
    return msgspec.structs.replace(made, own=own.name) if own is not None else made


def owners_of_files(files: Iterable[str], path: Iterable[str]) -> dict[str, str]:
    """The name and version of the distribution that each file was installed by, where one was.

    By the lists of files in those directories, which have them relative to the directory.
    """
    wanted = set(files)
    found: dict[str, str] = {}
    for directory in dict.fromkeys(path):
        top = os.path.join(os.path.realpath(directory), "")
        inside = {
            os.path.realpath(file).removeprefix(top): file
            for file in wanted - found.keys()
            if os.path.realpath(file).startswith(top)
        }
        if inside:
            found |= _recorded(directory, inside)
    return found


def _recorded(directory: str, inside: dict[str, str]) -> dict[str, str]:
    """The owners of files that are given by their places in the directory."""
    found = {}
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(_ENDINGS))
    except OSError:
        return {}
    for name in names:
        place = os.path.join(directory, name)
        text = "\n" + _read(os.path.join(place, "RECORD"))
        for relative, file in inside.items():
            if f"\n{relative}," in text:
                found[file] = " ".join(_named(place)).strip()
    return found


def _alone(modules: set[str], owners: dict[str, int], imported: set[str]) -> list[str]:
    """The imported ones that no other distribution has a part of, without those below them."""
    found: list[str] = []
    for module in sorted(modules & imported):
        if owners[module] == 1 and not any(module.startswith(f"{above}.") for above in found):
            found.append(module)
    return found


def _installed(path: Iterable[str], tops: Collection[str]) -> Iterator[_Installed]:
    """All that have one of those packages or modules."""
    if not tops:
        return
    wanted = "|".join(map(re.escape, sorted(tops)))
    files = re.compile(
        rf"^(?:\.\./)*((?:{wanted})(?:/[^,./\n]+)*)\.(?:[^,/\n]+\.)?(?:py|so|pyd)\b", re.MULTILINE
    )
    for directory in dict.fromkeys(path):
        try:
            names = sorted(name for name in os.listdir(directory) if name.endswith(_ENDINGS))
        except OSError:
            continue
        for name in names:
            place = os.path.join(directory, name)
            modules = _modules(place, tops, files)
            if modules:
                known, version = _named(place)
                if known and version:
                    yield _Installed(known, version, modules)


def _named(place: str) -> tuple[str, str]:
    """Name and version; empty where they are not told."""
    text = ""
    for file in (os.path.join(place, "METADATA"), os.path.join(place, "PKG-INFO"), place):
        text = text or _read(file, MAX_METADATA_BYTES)
    found = {"name": "", "version": ""}
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        if not line.strip():
            break
        if colon and key.lower() in found:
            found[key.lower()] = clean(value.strip(), MAX_NAME_CHARACTERS)
    return found["name"], found["version"]


def _modules(place: str, tops: Collection[str], files: re.Pattern[str]) -> set[str]:
    """The dotted names of its modules below those packages."""
    names = {name.strip() for name in _read(os.path.join(place, "top_level.txt")).split("\n")}
    found = {name for name in names if name in tops}
    for file in ("RECORD", "installed-files.txt"):
        for name in set(files.findall(_read(os.path.join(place, file)))):
            _add(found, name)
    return found


def _add(found: set[str], place: str) -> None:
    """The module that lies there, and the packages that it is in."""
    parts = place.removesuffix("/__init__").split("/")
    for depth in range(1, min(len(parts), MAX_DEPTH) + 1):
        found.add(".".join(parts[:depth]))


def _read(file: str, limit: int = MAX_FILE_BYTES) -> str:
    """Empty where it is not there, or is not to be read."""
    try:
        with open(file, "rb") as opened:
            return opened.read(limit).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return ""
