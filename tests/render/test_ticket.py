"""The ticket: what it says, and that no name breaks out of its markup."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from flask_heapview.analysis.join_reports import join
from flask_heapview.analysis.reported_versions import versions_of
from flask_heapview.model.births import Births
from flask_heapview.model.facts import Impact, LibraryAtFault
from flask_heapview.model.libraries import Distribution, Libraries
from flask_heapview.model.query import WorkerRef
from flask_heapview.model.report import AllocatedAt, EndpointShare, PathRef, Report
from flask_heapview.model.service_report import ServiceReport
from flask_heapview.render import ticket
from flask_heapview.render.markup import MARKUPS, Flavor
from flask_heapview.render.sentences.workers import with_service_sentences
from flask_heapview.render.sentences.worth import worth_text
from flask_heapview.reports.queries import judge_in_words

from ..analysis.factories import row

FLASK = Distribution(name="Flask", version="3.1.0", modules=["flask"])
INSTALLED = Libraries(python="3.13.1", libc="glibc 2.36", distributions=[FLASK])
BIRTHS = Births(until=400, size=(1, 2, 4, 8), samples=(1, 1, 1, 20))
DAY = Impact(bytes_per_day=412e6, seconds_to_limit=31 * 3600.0)
FLAVORS: tuple[Flavor, ...] = ("github", "gitlab", "jira")


def leak() -> Report:
    report = judge_in_words(row(100, 200, 300, 400, libraries=INSTALLED))
    (suspect,) = report.suspects
    return replace(report, suspects=[replace(suspect, births=BIRTHS, impact=DAY)])


def service() -> ServiceReport:
    report = leak()
    judged = [(WorkerRef(n, f"w{n}"), report) for n in (1, 2)]
    return with_service_sentences(join(judged, []))


@pytest.mark.parametrize("flavor", FLAVORS)
def test_it_has_all_that_somebody_needs(flavor: Flavor) -> None:
    report = leak()
    text = ticket.render(report, flavor)
    suspect = report.suspects[0]
    for words in (
        "Verdict: leak",
        "412.0 MB a day at today's traffic. Without the fix, memory runs out in 31 hours.",
        "app\n└─ .cache   dict: +300 objects of str",
        "▂▃▅█\nfrom the first of 400 requests to the last (23 samples)",
        "/srv/app.py:17 page",
        suspect.fingerprint,
        "No values, keys or reprs are in this ticket.",
    ):
        assert words in text, words
    assert all(MARKUPS[flavor].text(sentence) in text for sentence in suspect.evidence)
    versions = re.findall(r"^\| ?([\w-]+) ?\| ?([\d.]+) ?\|$", text, re.MULTILINE)
    assert dict(versions) == report.versions
    assert {"python", "glibc", "Flask", "flask-heapview"} == set(report.versions)


def test_libraries_at_fault_are_among_the_versions() -> None:
    found = leak().suspects[0]
    blamed = replace(found, evidence_facts=[LibraryAtFault(library="pantry", version="1.2")])
    assert versions_of(INSTALLED, [blamed])["pantry"] == "1.2"
    assert versions_of(Libraries(libc="musl"), []) == {"musl": "unknown"}


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_service_has_a_row_for_each_worker(flavor: Flavor) -> None:
    text = ticket.render(service(), flavor)
    assert re.search(r"^\| ?worker 2 ?\|", text, re.MULTILINE)
    assert "Evidence, from worker 1:" in text
    assert "In worker 1 alone: 412.0 MB a day" in text
    assert "glibc" in text


def test_what_the_fix_is_worth() -> None:
    """Two leaks share what is left: 412 MB a day for 31 hours."""
    assert worth_text([]) == ""
    assert worth_text([Impact(bytes_per_day=1e6, seconds_to_limit=None)]).endswith("traffic.")
    assert "824.0 MB a day" in worth_text([DAY, DAY])
    assert "in 16 hours" in worth_text([replace(DAY, seconds_to_limit=32 * 3600.0)] * 2)
    assert "It can wait" in worth_text([Impact(bytes_per_day=1e3, seconds_to_limit=1e12)])
    assert "Without the fix, memory runs out in 0 seconds" in worth_text(
        [replace(DAY, seconds_to_limit=0.0)]
    )


# --- names of unknown origin

HOSTILE = [
    "# a heading",
    "</script><img src=x onerror=alert(1)>",
    "[a link](https://example.com) ![an image](https://example.com/x.png)",
    "**strong** __strong__ ~~gone~~ `code` ``` fence",
    "| a | cell |\n| --- | --- |",
    "two\n\n# lines\r\n/close\n/assign @everyone",
    "/close",
    "- item",
    "1. item",
    "---",
    "\u202edetrevni\u202c \x1b[2J \ud800",
    "@somebody and #123 and org/team",
    "&lt;b&gt; \\ \\\\",
    "{noformat}h1. out{noformat} {code} {color:red}red{color} [~user] !x.png!",
    "h1. heading",
    "bq. quote",
    "$x$ $`y`$",
    "x" * 1_000_000,
    "`" * 500,
]


def infested(name: str) -> Report:
    """A report in which every name is this one, as a downloaded file may have it."""
    report = leak()
    suspect = replace(
        report.suspects[0],
        summary=name,
        holder=PathRef(path=name, type=name),
        growing=replace(report.suspects[0].growing, type=name),
        allocated_at=[AllocatedAt(file=name, line=1, function=name, bytes=1)] * 25,
        endpoints=[EndpointShare(endpoint=name, share=1.0)] * 2,
        evidence=[name, f"It is {name}, {name}"],
        remedy=name,
        fingerprint=name,
    )
    return replace(
        report, summary=name, advice=name, suspects=[suspect] * 2, versions={name: name, "a": name}
    )


def tokens(text: str) -> list[Any]:
    """All of them, by a parser of CommonMark with GitHub's tables."""
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [one for token in parsed for one in (token, *(token.children or ()))]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("flavor", ["github", "gitlab"])
def test_markdown_holds(flavor: Flavor, name: str) -> None:
    text = ticket.render(infested(name), flavor)
    assert len(text) <= ticket.MAX_CHARACTERS + 100
    assert "\u202e" not in text
    assert "\x1b" not in text
    found = tokens(text)
    kinds = [token.type for token in found]
    for kind in ("link_open", "image", "html_block", "em_open", "s_open", "code_block", "hr"):
        assert kind not in kinds, text[:2000]
    html = {token.content for token in found if token.type == "html_inline"}
    assert html <= {"<!-- -->"}
    headings = [token for token in found if token.type == "heading_open"]
    shown = text.count("Fingerprint: ")
    assert [token.tag for token in headings] == ["h1", *["h2"] * (shown + 1)]
    assert kinds.count("fence") == 2 * shown
    assert kinds.count("table_open") == 1
    assert kinds.count("ordered_list_open") == 0
    outside = re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", text)
    assert not re.search(r"^ ?/", outside, re.MULTILINE)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_jira_holds(name: str) -> None:
    text = ticket.render(infested(name), "jira")
    assert len(text) <= ticket.MAX_CHARACTERS + 100
    assert "\u202e" not in text
    outside = re.sub(r"(?ms)^\{noformat\}$.*?^\{noformat\}$", "", text)
    assert outside.count("{noformat") == outside.count("\\{noformat")
    bare = re.sub(r"\{\{(?:[^{}\\]|\\.)*\}\}", "", outside)  # without our own {{…}}
    assert not re.search(r"(?<!\\)[{}\[\]!]", bare), bare[:2000]
    assert "\\\\" not in bare  # a line break
    headings = re.findall(r"^ ?(h\d|bq)\.", text, re.MULTILINE)
    assert headings == ["h1", *["h2"] * (text.count("Fingerprint: ") + 1)]


def test_mentions_reach_nobody() -> None:
    report = infested("@somebody and #123")
    assert "@<!-- -->somebody" in ticket.render(report, "github")
    assert "\\@somebody" in ticket.render(report, "gitlab")
    assert "\\@somebody" in ticket.render(report, "jira")


def test_suspects_without_room_are_counted() -> None:
    report = infested("<" * 600)
    text = ticket.render(replace(report, suspects=report.suspects * 20), "github")
    assert "more in the JSON report: there is no room here." in text


def test_plain_names_stay_as_they_are() -> None:
    for flavor in FLAVORS:
        text = ticket.render(leak(), flavor)
        assert "\\" not in text
        assert "&" not in text
