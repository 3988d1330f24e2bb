"""The first suspects of a report, each with what a person asks first."""

from __future__ import annotations

import re

import msgspec

from ..model.facts import Impact
from ..model.report import AllocatedAt, Report, Suspect
from .short_place import short_place

MAX_CARDS = 3
# where a sentence ends: a dotted name has no blank behind its dot
_END = re.compile(r"(?<=[.!?]) (?=[A-Z`\d])")


class SuspectCard(msgspec.Struct, frozen=True):
    suspect: Suspect
    site: AllocatedAt | None  # the one that allocated most
    place: str  # of that, in short
    impact: str  # a sentence; empty where it is not known
    remedy: str  # its first sentence


class SuspectBoard(msgspec.Struct, frozen=True):
    cards: list[SuspectCard]
    all: int  # suspects of the report

    @property
    def more(self) -> int:
        """Suspects without a card."""
        return self.all - len(self.cards)


def suspect_board(report: Report) -> SuspectBoard:
    """Of a report that has its sentences."""
    cards = [_card(suspect) for suspect in report.suspects[:MAX_CARDS]]
    return SuspectBoard(cards, len(report.suspects))


def first_sentence(text: str) -> str:
    """Up to where the next one begins."""
    return _END.split(text, maxsplit=1)[0]


def sentences(text: str) -> tuple[str, str]:
    """The first one, and the others; "" where there is one alone."""
    first = first_sentence(text)
    return first, text[len(first) :].lstrip()


def _place(site: AllocatedAt) -> str:
    return short_place(site.file, site.line) if site.file else site.place


def _card(suspect: Suspect) -> SuspectCard:
    site = next(iter(suspect.allocated_at), None)
    said = zip(suspect.evidence_facts, suspect.evidence, strict=False)
    return SuspectCard(
        suspect=suspect,
        site=site,
        place="" if site is None else _place(site),
        impact=next((words for fact, words in said if isinstance(fact, Impact)), ""),
        remedy=first_sentence(suspect.remedy),
    )
