"""Whose fault it is: a library's that keeps what it made, or the app's that had it kept."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.library_faults import module_of
from flask_heapview.model.libraries import Distribution, Libraries
from flask_heapview.model.library_facts import KnownLeak, LibraryAtFault, LibraryRemedy
from flask_heapview.model.ownership import Holder, Ownership, Site
from flask_heapview.model.report import Report, Suspect
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.reports.queries import judge_in_words

from .factories import memory, row, snapshot, tree

PLACE = "/srv/venv/lib/python3.12/site-packages"
SITE = Site(
    file="/srv/app.py",
    line=17,
    function="page",
    size=900,
    endpoint="page",
    inner=f"{PLACE}/pantry/shelf.py",
)
PANTRY = Distribution(name="Pantry", version="4.2", modules=["pantry"])
LXML = Distribution(name="lxml", version="4.9.2", modules=["lxml"])
AIOHTTP = Distribution(name="aiohttp", version="3.11.2", modules=["aiohttp"])


def held(
    *steps: tuple[str, str],
    site: Site = SITE,
    libraries: Libraries | None = None,
    app_roots: tuple[str, ...] = ("app",),
    kind: str = "container",
) -> list[Snapshot]:
    """A container at the end of that path, which grows evenly."""
    known = libraries or Libraries(python="3.12.9", distributions=[PANTRY])
    return [_held(turn, steps, site, known, app_roots, kind) for turn in range(4)]


def _held(
    turn: int,
    steps: tuple[tuple[str, str], ...],
    site: Site,
    libraries: Libraries,
    app_roots: tuple[str, ...],
    kind: str,
) -> Snapshot:
    entries = 100 * (turn + 1)
    named = list(steps)
    builder = tree(
        *((named[: n + 1], 1, 100) for n in range(len(named))),
        ([*named, ("[value]", "str")], entries, entries * 1000),
    )
    holder = Holder(
        node=len(named) - 1,
        path="".join(label for label, _ in named),
        type=named[-1][1],
        entries=entries,
        sites=[site],
        entry_types=["str"],
        kind=kind,
    )
    stacks = builder.build()
    owned = Ownership(stacks=stacks, holders=[holder], app_roots=list(app_roots))
    return replace(snapshot(turn, entries), ownership=owned, libraries=libraries)


SHELF = (("pantry.shelf", "module"), ("._jars", "dict"))


def the_suspect(report: Report) -> Suspect:
    assert report.verdict == "leak"
    return report.suspects[0]


def kinds(suspect: Suspect) -> set[str]:
    """Of the facts on libraries."""
    known = (LibraryAtFault, KnownLeak)
    return {type(fact).__name__ for fact in suspect.evidence_facts if isinstance(fact, known)}


def test_a_library_that_keeps_what_it_made_is_at_fault() -> None:
    report = judge_in_words(held(*SHELF))
    suspect = the_suspect(report)
    assert LibraryAtFault(library="Pantry", version="4.2") in suspect.evidence_facts
    assert any(said.startswith("Pantry 4.2 holds it") for said in suspect.evidence)
    assert suspect.remedy.startswith("Upgrade Pantry 4.2.")
    assert "report it to its maintainers" in suspect.remedy
    assert "Until then: Recycle workers" in suspect.remedy
    assert suspect.remedy in report.advice
    assert suspect.remedy_rule == "unbounded-container"  # as it is without a library


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        # the app asked for the memory, and had the library keep it
        (SHELF, {"site": replace(SITE, inner="")}),
        # nobody knows who did
        (SHELF, {"site": Site(file="", line=0, function="", size=0)}),
        # another library did
        (SHELF, {"site": replace(SITE, inner=f"{PLACE}/other/jar.py")}),
        # the app's own table
        ((("app", "module"), (".jars", "dict")), {}),
        # it was installed like a library, but it is the app
        (SHELF, {"libraries": Libraries("3.12.9", [PANTRY], own="Pantry")}),
        # handlers, metrics and the like: the app has them kept
        ((("pantry", "module"), (".handlers", "list")), {}),
        ((("prometheus_client.registry", "module"), (".REGISTRY", "dict")), {}),
        # a snapshot of before
        (SHELF, {"libraries": Libraries()}),
    ],
)
def test_otherwise_nothing_is_said_of_fault(
    steps: tuple[tuple[str, str], ...], more: dict[str, Any]
) -> None:
    metrics = Distribution(name="prometheus-client", version="0.1", modules=["prometheus_client"])
    known = {"libraries": Libraries(python="3.12.9", distributions=[PANTRY, metrics]), **more}
    suspect = the_suspect(judge_in_words(held(*steps, **known)))
    assert kinds(suspect) == set()
    assert suspect.remedy_fact is None
    assert "Upgrade" not in suspect.remedy


def test_a_known_leak_is_named_wherever_its_type_stands() -> None:
    libraries = Libraries(python="3.12.9", distributions=[AIOHTTP])
    jar = (("app", "module"), (".jar", "aiohttp.cookiejar.CookieJar"), ("._cookies", "dict"))
    site = replace(SITE, inner=f"{PLACE}/aiohttp/cookiejar.py")
    report = judge_in_words(held(*jar, site=site, libraries=libraries))
    suspect = the_suspect(report)
    assert kinds(suspect) == {"KnownLeak"}
    (said,) = [each for each in suspect.evidence if "known leak" in each]
    assert "aiohttp 3.11.2 has this known leak, fixed in 3.12.3 (https://" in said
    assert suspect.remedy.startswith("Upgrade aiohttp 3.11.2 to 3.12.3 or later.")
    assert report.advice == suspect.remedy
    fixed = Libraries(python="3.12.9", distributions=[replace(AIOHTTP, version="3.12.3")])
    assert kinds(the_suspect(judge_in_words(held(*jar, site=site, libraries=fixed)))) == set()


def test_one_that_no_release_fixes() -> None:
    boto = [
        Distribution(name="boto3", version="1.34.2", modules=["boto3"]),
        Distribution(name="botocore", version="1.34.2", modules=["botocore"]),
    ]
    path = (("app", "module"), (".session", "botocore.hooks.NodeList"), (".middle", "list"))
    suspect = the_suspect(
        judge_in_words(held(*path, libraries=Libraries(python="3.12.9", distributions=boto)))
    )
    assert suspect.remedy.startswith("No release of boto3 fixes it yet")
    assert suspect.remedy.endswith(
        "Make one boto3.Session for each botocore session, and share it."
    )


def test_native_memory_may_be_a_known_leak() -> None:
    """Nothing shows whose it is, so each of them is a guess, and the remedy stays."""
    libraries = Libraries(python="3.12.9", distributions=[LXML])
    row_of = [
        replace(
            _held(turn, (("lxml.html.clean", "module"),), SITE, libraries, (), "container"),
            **memory(turn, native=20, anonymous=20),
        )
        for turn in range(4)
    ]
    # what is imported is there, and does not grow
    for turn, one in enumerate(row_of):
        row_of[turn] = replace(one, ownership=row_of[0].ownership)
    suspect = the_suspect(judge_in_words(row_of))
    assert suspect.cause == "native"
    (fact,) = [fact for fact in suspect.evidence_facts if isinstance(fact, KnownLeak)]
    assert (fact.library, fact.fixed_in, fact.certain) == ("lxml", "4.9.3", False)
    assert any("which may be this one, fixed in 4.9.3" in said for said in suspect.evidence)
    assert suspect.remedy_fact is None


def test_an_old_snapshot_says_nothing_of_libraries() -> None:
    suspect = the_suspect(judge_in_words(row(100, 200, 300, 400)))
    assert kinds(suspect) == set()


@pytest.mark.parametrize(
    ("file", "module"),
    [
        (f"{PLACE}/pantry/shelf.py", "pantry.shelf"),
        (f"{PLACE}/pantry/__init__.py", "pantry"),
        ("/usr/lib/python3/dist-packages/six.py", "six"),
        (f"{PLACE}/lxml/etree.cpython-312-x86_64-linux-gnu.so", "lxml.etree"),
        ("/srv/app.py", ""),
        ("", ""),
    ],
)
def test_the_module_of_a_file(file: str, module: str) -> None:
    assert module_of(file) == module


def test_a_remedy_is_a_fact() -> None:
    suspect = the_suspect(judge_in_words(held(*SHELF)))
    assert suspect.remedy_fact == LibraryRemedy(
        library="Pantry", version="4.2", fixed_in=None, meanwhile=None, known=False
    )
