"""Which versions a ticket names: of what runs the service, and of the libraries at fault."""

from __future__ import annotations

from collections.abc import Iterable

from ..model.libraries import Libraries
from ..model.library_facts import KnownLeak, LibraryAtFault
from ..model.report import Suspect

ALWAYS = ("flask",)  # modules whose distribution is named, whether or not it is at fault


def versions_of(libraries: Libraries, suspects: Iterable[Suspect]) -> dict[str, str]:
    """Versions by name: the interpreter as "python", the C library and distributions by their own.

    What the snapshot does not tell is left out. A C library without a version is "unknown".
    """
    found: dict[str, str] = {}
    if libraries.python:
        found["python"] = libraries.python
    if libraries.libc:
        name, _, version = libraries.libc.partition(" ")
        found[name] = version or "unknown"
    for module in ALWAYS:
        owner = libraries.owner_of(module)
        if owner is not None:
            found[owner.name] = owner.version
    for suspect in suspects:
        for fact in suspect.evidence_facts:
            if isinstance(fact, LibraryAtFault | KnownLeak):
                found.setdefault(fact.library, fact.version)
    return found
