"""What was found of several workers together, in words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...model import worker_facts as facts
from ...model.across import Across
from ...model.service_report import MissingWorker, ServiceReport, ServiceSuspect
from ...text import bytes_text, number_text
from .say import count_text, name_text, say
from .verdict import in_a_row, suspect_in_words


def worker_text(number: int, worker: str) -> str:
    """worker 3; its id where it has no number."""
    return f"worker {number_text(number) if number else worker}"


def workers_text(numbers: Sequence[int]) -> str:
    """worker 3; workers 1, 2 and 3; those without a number stand in the list that is beside it."""
    names = [number_text(number) for number in numbers if number]
    if not names:
        return "those that were not judged"
    if len(names) == 1:
        return f"worker {names[0]}"
    return f"workers {', '.join(names[:-1])} and {names[-1]}"


def in_workers_text(shown: int, judged: int) -> str:
    """in 2 of 4 workers."""
    return f"in {number_text(shown)} of {count_text(judged, 'worker')}"


# --- why a worker is missing


@say.register
def _(fact: facts.NoSnapshot) -> str:
    return f"{worker_text(fact.number, fact.worker)} has no snapshot: capture it."


@say.register
def _(fact: facts.SingleSnapshot) -> str:
    return f"{worker_text(fact.number, fact.worker)} has one snapshot: capture it again."


@say.register
def _(fact: facts.ReadingFailed) -> str:
    return f"{worker_text(fact.number, fact.worker)} could not be judged: {fact.error}"


@say.register
def _(fact: facts.NoTimeLeft) -> str:
    return (
        f"{worker_text(fact.number, fact.worker)} was not judged: the others took "
        f"{fact.seconds:,g} s. Ask for its own report."
    )


# --- the verdict


@say.register
def _(fact: facts.LeakInWorkers) -> str:
    return f"It leaks {in_workers_text(fact.workers, fact.judged)}."


@say.register
def _(fact: facts.MayLevelOffInWorkers) -> str:
    where = in_workers_text(fact.workers, fact.judged)
    return f"Something grows {where}, but it may level off."


@say.register
def _(fact: facts.WorkersInDoubt) -> str:
    name = worker_text(fact.number, fact.worker)
    if fact.workers == 1:
        return f"It cannot be told for {name}."
    doubtful = f"{number_text(fact.workers)} of {count_text(fact.judged, 'worker')}"
    return f"It cannot be told for {doubtful}, such as {name}."


@say.register
def _(fact: facts.NotAllJudged) -> str:
    judged = f"{number_text(fact.judged)} of {count_text(fact.workers, 'worker')}"
    return f"Nothing grew with the traffic in those that were judged: {judged}."


@say.register
def _(fact: facts.NoneJudged) -> str:
    if fact.workers == 0:
        return "No worker has a snapshot here."
    if fact.workers == 1:
        return "The only worker could not be judged yet."
    return f"Not one of {count_text(fact.workers, 'worker')} could be judged yet."


@say.register
def _(fact: facts.NothingGrowsAnywhere) -> str:
    where = f"in any of {count_text(fact.workers, 'worker')}"
    if fact.workers == 1:
        where = "in the only worker"
    return f"Nothing grew with the traffic {where}, over {count_text(fact.requests, 'request')}."


@say.register
def _(fact: facts.CaptureWorkers) -> str:
    said = (
        "Each worker needs two snapshots, with traffic in between: "
        f"capture {workers_text(fact.numbers)}."
    )
    return f"{said} “All workers” takes one of each." if len(fact.numbers) > 1 else said


@say.register
def _(fact: facts.JudgeAlone) -> str:
    return f"Compare two snapshots of {workers_text(fact.numbers)}, one worker at a time."


@say.register
def _(fact: facts.NotCompared) -> str:
    name = worker_text(fact.number, fact.worker)
    most = count_text(fact.max_workers, "worker")
    return f"{name} was left out: {most} are compared at once. Name two snapshots."


# --- worker compared with worker


def _name(fact: facts.OfWorker) -> str:
    """The worker at the head of a sentence."""
    return worker_text(fact.number, fact.worker).capitalize()


def _than(fact: facts.Pair) -> str:
    return worker_text(fact.than_number, fact.than_worker)


def _by(size: int, more: bool) -> str:
    return f"{bytes_text(size)} {'more' if more else 'less'}"


def _entries(count: int | None) -> str:
    """A capture describes no container with very few."""
    return count_text(count, "entry") if count else "few or none"


@say.register
def _(fact: facts.OwnerDiffers) -> str:
    said = f"{_name(fact)} holds {_by(fact.bytes, fact.more)} than {_than(fact)}, in {fact.path}."
    if fact.entries is None and fact.than_entries is None:
        return said
    here, there = _entries(fact.entries), _entries(fact.than_entries)
    return f"{said} It has {here} there, {_than(fact)} has {there}."


@say.register
def _(fact: facts.HeapDiffers) -> str:
    by = _by(fact.bytes, fact.more)
    return f"{_name(fact)} holds {by} in Python objects than {_than(fact)}."


@say.register
def _(fact: facts.ResidentDiffers) -> str:
    by = _by(fact.bytes, fact.more)
    return (
        f"{_name(fact)} has {by} resident memory than {_than(fact)}. "
        f"Python objects account for {bytes_text(fact.objects_bytes)} of it."
    )


@say.register
def _(fact: facts.OnlyIn) -> str:
    size = "" if fact.bytes is None else f" ({bytes_text(fact.bytes)})"
    return (
        f"Only {worker_text(fact.number, fact.worker)} has entries in "
        f"{name_text(fact.type, fact.path)}: {count_text(fact.entries, 'entry')}{size}."
    )


@say.register
def _(fact: facts.AboutTheSame) -> str:
    return (
        f"{count_text(fact.workers, 'worker')} hold about the same. "
        f"Nowhere do they differ by {bytes_text(fact.min_bytes)}."
    )


@say.register
def _(fact: facts.TooFewToCompare) -> str:
    have = "Only one worker has" if fact.workers else "No worker has"
    return f"Comparing needs two workers with a snapshot each. {have} one now."


NOTE = (
    "These are different processes. A difference between them is not growth: "
    "other requests may have reached them. "
    "To see growth, compare two snapshots of one worker."
)


def with_across_sentences(found: Across) -> Across:
    """The comparison with its sentences."""
    return msgspec.structs.replace(
        found,
        summary=in_a_row(found.summary_facts),
        note=NOTE,
        missing=[missing_in_words(each) for each in found.missing],
        differences=[
            msgspec.structs.replace(each, sentence=say(each.fact)) for each in found.differences
        ],
    )


# --- the whole report


def missing_in_words(worker: MissingWorker) -> MissingWorker:
    reason = say(worker.reason_fact).removesuffix(".")
    return msgspec.structs.replace(worker, reason=reason)


def _suspect(suspect: ServiceSuspect) -> ServiceSuspect:
    seen = in_workers_text(suspect.seen_in, suspect.judged)
    return msgspec.structs.replace(suspect_in_words(suspect), seen=seen)


def with_service_sentences(report: ServiceReport) -> ServiceReport:
    """The report with its sentences, as with_sentences does it for one worker."""
    return msgspec.structs.replace(
        report,
        summary=in_a_row(report.summary_facts),
        advice=in_a_row(report.advice_facts),
        missing=[missing_in_words(each) for each in report.missing],
        suspects=[_suspect(each) for each in report.suspects],
    )
