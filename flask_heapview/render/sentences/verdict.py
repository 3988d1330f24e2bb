"""The verdict, what would settle it, and the whole report, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from ...model import facts, worker_facts
from ...model.fact import Fact
from ...model.report import Report, Suspect
from ...text import bytes_text, percent_text
from . import libraries, memory, objects  # noqa: F401  # each registers its words
from .remedies import REMEDIES
from .say import count_text, say

# they lead to the next sentence: a colon stands for their full stop
_LEADS = (
    facts.LeakFound,
    facts.MayLevelOff,
    worker_facts.LeakInWorkers,
    worker_facts.MayLevelOffInWorkers,
    worker_facts.WorkersInDoubt,
)
S = TypeVar("S", bound=Suspect)


@say.register
def _(fact: facts.FewRequests) -> str:
    if fact.requests == 0:
        return "No requests were served between the snapshots."
    were = "was" if fact.requests == 1 else "were"
    return f"Only {count_text(fact.requests, 'request')} {were} served between the snapshots."


@say.register
def _(fact: facts.UnexplainedGrowth) -> str:
    return (
        f"Resident memory grew by {bytes_text(fact.bytes)}, "
        "but nothing in the snapshots explains it."
    )


@say.register
def _(fact: facts.UnownedGrowth) -> str:
    kinds = f", mostly {', '.join(fact.types)}" if fact.types else ""
    said = (
        f"{percent_text(round(fact.share, 2))} of the objects that came have no owner that grows: "
        f"{count_text(fact.objects, 'object')}{kinds}."
    )
    if fact.path:
        said += f" Each is at a place of its own, most of them below {fact.path}."
    return said + " A graph capture shows who refers to them."


@say.register
def _(fact: facts.NothingGrows) -> str:
    return f"Nothing grew with the traffic, over {count_text(fact.requests, 'request')}."


@say.register
def _(fact: facts.NothingGrewInTime) -> str:
    return (
        f"Nothing grew in {fact.seconds:,g} s. "
        "Nobody counts the requests of this process, so there may have been none."
    )


@say.register
def _(fact: facts.AllocatedWhere) -> str:
    during = f", while {fact.endpoint} is served" if fact.endpoint else ""
    if not fact.file:  # of native code that no line of Python called
        return f"It is allocated by {fact.function}{during}."
    file = fact.file.rpartition("/")[2]
    return f"It is allocated at {file}:{fact.line} in {fact.function}{during}."


@say.register
def _(fact: facts.MoreLeaks) -> str:
    return f"{count_text(fact.leaks, 'more leak')} {'was' if fact.leaks == 1 else 'were'} found."


@say.register
def _(fact: facts.CausedBy) -> str:
    return f"Requests of {fact.endpoint} make it grow."


@say.register
def _(fact: facts.Remedy) -> str:
    return REMEDIES[fact.rule]


@say.register
def _(fact: facts.SendRequests) -> str:
    requests = count_text(fact.min_requests, "request")
    return f"Send at least {requests} of each endpoint between two captures."


@say.register
def _(fact: facts.SendMore) -> str:
    traced = ", with allocation tracing on" if fact.turn_tracing_on else ""
    return (
        f"Send about {count_text(fact.requests, 'more request')} and capture once more{traced}. "
        "If it keeps growing at this rate, it is a leak. "
        "If it levels off, it is a cache filling up."
    )


@say.register
def _(fact: facts.AttachAgain) -> str:
    return (
        "Send traffic at a steady rate and capture again, "
        f"until {fact.min_seconds:,g} s lie between the first snapshot and the last. "
        "If it grows at one rate in every interval, it is a leak. "
        "If it levels off, it is a cache filling up."
    )


def in_a_row(found: Sequence[Fact]) -> str:
    """The sentences of several facts, one after the other."""
    said = ""
    for fact in found:
        said += f" {say(fact)}" if said else say(fact)
        if isinstance(fact, _LEADS) and len(found) > 1:
            said = f"{said.removesuffix('.')}:"
    return said


def suspect_in_words(suspect: S) -> S:
    """The suspect with its sentences: `summary`, `evidence` and `remedy`."""
    fact, remedy = suspect.summary_fact, suspect.remedy_fact
    return msgspec.structs.replace(
        suspect,
        summary=say(fact).removesuffix(".") if fact is not None else suspect.summary,
        evidence=[say(each) for each in suspect.evidence_facts],
        remedy=REMEDIES[suspect.remedy_rule] if remedy is None else say(remedy),
    )


def with_sentences(report: Report) -> Report:
    """The report with its sentences: `summary`, `advice`, `evidence` and `remedy`."""
    return msgspec.structs.replace(
        report,
        summary=in_a_row(report.summary_facts),
        advice=in_a_row(report.advice_facts),
        suspects=[suspect_in_words(each) for each in report.suspects],
    )
