"""Links between the documents lead somewhere, and the index leads to each document."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .helpers import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]*)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def headings(place: Path) -> set[str]:
    """The anchors that a forge gives to the headings."""
    text = FENCED.sub("", place.read_text())
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda place: place.name)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in LINK.findall(FENCED.sub("", document.read_text())):
        name, _, anchor = link.partition("#")
        place = (document.parent / name).resolve() if name else document
        if not place.exists() or (anchor and anchor not in headings(place)):
            broken.append(link)
    assert broken == []


def test_the_index_leads_to_each_document() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {link.partition("#")[0] for link in LINK.findall(index.read_text())}
    # how it is built and released is for those who change it: CONTRIBUTING.md has it
    assert {p.name for p in ROOT.glob("docs/*.md")} - linked == {
        *("README.md", "release.md", "walk-file.md")
    }
