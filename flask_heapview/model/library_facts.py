"""What is said of libraries. A version is that of the installed distribution.

The interpreter is among them, as "python".
"""

from __future__ import annotations

from .fact import Fact


class LibraryAtFault(Fact, frozen=True):
    """A library holds what grows, and its own code put it there."""

    library: str
    version: str


class NativeCaller(Fact, frozen=True):
    """The function of C that allocated most of it, by the samples of malloc."""

    library: str  # the file's name
    distribution: str  # that installed it, with its version; empty for those of the system
    function: str
    bytes: int
    samples: int
    calls: list[str]  # that led there, the innermost first


class KnownLeak(Fact, frozen=True):
    """A leak of that version that others have described: see analysis/known_leaks.toml."""

    library: str
    version: str
    versions: str  # the range that has it
    what: str
    fixed_in: str | None
    reference: str  # a web address
    certain: bool  # False: nothing shows whose the memory is, so it may be another leak


class LibraryRemedy(Fact, frozen=True):
    """Upgrade the library, or report its leak."""

    library: str
    version: str
    fixed_in: str | None
    meanwhile: str | None  # a sentence: what helps until then
    known: bool  # whether others have described the leak
