"""Whether a library is at fault: it holds what grows, and has put it there itself.

What the app has a library keep, such as a handler or a metric's label, is the app's own doing.
Where nobody knows who allocated the entries, nothing is said of fault.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ..model.facts import EvidenceFact
from ..model.libraries import Distribution, Libraries
from ..model.library_facts import KnownLeak, LibraryAtFault, LibraryRemedy
from ..model.report import Cause
from ..model.snapshot import Snapshot
from .finding import Finding
from .known_leaks import Clues, Match, last_fixed, matches

MAX_GUESSES = 4  # known leaks that are named where none of them is certain
# what the app cannot have put there: see cause_of for the others
_CAUSES: frozenset[Cause] = frozenset(("unbounded-container", "unbounded-cache", "traceback"))
_RULES = frozenset((*_CAUSES, "lru-cache", "cachetools"))
_PACKAGES = re.compile(r"^.*/(?:site|dist)-packages/")


class Blame(msgspec.Struct):
    """What a report says of libraries; nothing where they are not to blame."""

    evidence: list[EvidenceFact] = []
    remedy: LibraryRemedy | None = None


def blame(snapshot: Snapshot, finding: Finding, rule: str) -> Blame:
    """Whose fault a finding is, as far as that is known. `rule` is its remedy's."""
    libraries = snapshot.libraries
    if not libraries.python:  # an old snapshot
        return Blame()
    found = matches(libraries, _clues(snapshot, finding))
    at_fault = _at_fault(libraries, finding, rule)
    evidence: list[EvidenceFact] = []
    if at_fault is not None:
        evidence.append(LibraryAtFault(library=at_fault.name, version=at_fault.version))
    evidence += [_fact(match) for match in found[:MAX_GUESSES]]
    return Blame(evidence, _remedy([one for one in found if one.certain], at_fault))


def _remedy(known: Sequence[Match], at_fault: Distribution | None) -> LibraryRemedy | None:
    if known:
        first = known[0]
        same = [one for one in known if one.library == first.library]
        meanwhile = next((one.leak.meanwhile for one in same if one.leak.meanwhile), None)
        return LibraryRemedy(
            library=first.library,
            version=first.version,
            fixed_in=last_fixed(same),
            meanwhile=meanwhile,
            known=True,
        )
    if at_fault is None:
        return None
    return LibraryRemedy(
        library=at_fault.name, version=at_fault.version, fixed_in=None, meanwhile=None, known=False
    )


def _fact(match: Match) -> KnownLeak:
    return KnownLeak(
        library=match.library,
        version=match.version,
        versions=match.versions,
        what=match.leak.what,
        fixed_in=match.fixed_in,
        reference=match.leak.reference,
        certain=match.certain,
    )


def _at_fault(libraries: Libraries, finding: Finding, rule: str) -> Distribution | None:
    """The library that holds what grows, where its own code, and nobody else's, asked for it."""
    if finding.path is None or finding.app or not finding.sites:
        return None
    if finding.cause not in _CAUSES or rule not in _RULES:
        return None
    holder = libraries.owner_of(finding.path)
    if holder is None or holder.name == libraries.own:
        return None
    module = module_of(finding.sites[0].inner)
    return holder if module and libraries.owner_of(module) == holder else None


def module_of(file: str) -> str:
    """The dotted name of an installed module's file; empty for any other file."""
    inside = _PACKAGES.sub("", file)
    if inside == file or not file:
        return ""
    *packages, last = inside.split("/")
    stem = last.partition(".")[0]
    return ".".join(packages if stem == "__init__" else [*packages, stem])


def _clues(snapshot: Snapshot, finding: Finding) -> Clues:
    lost = finding.path is None and finding.cause == "uncollectable"
    modules = [module_of(site.inner or site.file) for site in finding.sites]
    tree = snapshot.ownership.stacks
    return Clues(
        # what only C code refers to may as well be what it has forgotten to release
        cause="native" if lost else finding.cause,
        holders=[finding.path or "", finding.type, finding.growing, *finding.above],
        modules=[module for module in modules if module],
        imported=frozenset(tree.roots().values()),
        alive=[row.type for row in snapshot.heap.types if row.count],
    )
