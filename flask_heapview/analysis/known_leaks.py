"""The table of known leaks, known_leaks.toml: which of them a suspect may be."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec

from ..model.base import Model
from ..model.libraries import Libraries
from ..model.report import Cause
from .versions import version_key, within

TABLE = Path(__file__).with_name("known_leaks.toml")
PYTHON = "python"  # the interpreter, among the libraries


class Leak(Model, frozen=True, forbid_unknown_fields=True):
    """One entry; the table's head says what its fields mean."""

    library: str
    versions: list[str]
    what: str
    reference: str
    fixed_in: list[str] = []
    holder: str = ""
    file: str = ""
    causes: list[Cause] = []
    python: str = ""
    needs: str = ""
    alive: str = ""
    meanwhile: str = ""

    def range_of(self, version: str) -> int | None:
        """Which of its ranges has the version."""
        return next((n for n, span in enumerate(self.versions) if within(version, span)), None)


class Clues(msgspec.Struct):
    """What is known of a suspect, by which a leak is recognised."""

    cause: Cause
    holders: Sequence[str]  # its path, its type, what piles up, and the types on the way to it
    modules: Sequence[str]  # of libraries, which allocated it
    imported: Collection[str]  # modules of the process
    alive: Collection[str]  # types of which it has objects


class Match(msgspec.Struct):
    """A known leak of an installed version; not certain where it is one of several guesses."""

    leak: Leak
    library: str
    version: str
    versions: str
    fixed_in: str | None
    certain: bool


@cache
def table() -> tuple[Leak, ...]:
    """All entries. Raises msgspec.ValidationError for a field that is none."""
    read = msgspec.convert(tomllib.loads(TABLE.read_text("utf-8")), dict[str, list[Leak]])
    return tuple(read["leak"])


def matches(libraries: Libraries, clues: Clues) -> list[Match]:
    """The known leaks that the suspect is, or else those that it may be."""
    versions = {_plain(one.name): (one.name, one.version) for one in libraries.distributions}
    versions[PYTHON] = (PYTHON, libraries.python)
    found = []
    for leak in table():
        name, version = versions.get(_plain(leak.library), ("", ""))
        number = leak.range_of(version) if version else None
        if number is None or not _applies(leak, libraries.python, clues):
            continue
        certain = _recognised(leak, clues)
        if certain or clues.cause in leak.causes:
            fixed = leak.fixed_in[number] if leak.fixed_in else None
            found.append(Match(leak, name, version, leak.versions[number], fixed, certain))
    sure = [match for match in found if match.certain]
    return sure or found


def last_fixed(found: Iterable[Match]) -> str | None:
    """The first release that has none of them; None where one of them is in all."""
    releases = [match.fixed_in for match in found]
    if None in releases:
        return None
    keys = [(key, name) for name in releases if name and (key := version_key(name)) is not None]
    return max(keys, default=(None, None))[1]


def _applies(leak: Leak, python: str, clues: Clues) -> bool:
    """Whether what leaks is in use here."""
    if leak.needs and leak.needs not in clues.imported:
        return False
    if not _seen(leak.alive, clues.alive):
        return False
    return not leak.python or (bool(python) and within(python, leak.python))


def _recognised(leak: Leak, clues: Clues) -> bool:
    """By its holder and its file, as far as the entry has them."""
    if not leak.holder and not leak.file:
        return False
    return _seen(leak.holder, clues.holders) and _seen(leak.file, clues.modules)


def _seen(pattern: str, names: Iterable[str]) -> bool:
    return not pattern or any(re.search(pattern, name) for name in names)


def _plain(name: str) -> str:
    """A distribution's name, normalised as packaging.python.org has it."""
    return re.sub(r"[-_.]+", "-", name).lower()
