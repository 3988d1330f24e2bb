"""What was found of several workers together, as figures without words: see model/facts.py."""

from __future__ import annotations

from .facts import (
    AdviceFact,
    Fact,
    VerdictFact,
)


class OfWorker(Fact, frozen=True, kw_only=True):
    """Something that was found of one worker."""

    number: int  # 0 where the worker is not listed
    worker: str  # its id


# --- why a worker is missing


class NoSnapshot(OfWorker, frozen=True):
    pass


class SingleSnapshot(OfWorker, frozen=True):
    """One shows what is there, not what grows."""


class ReadingFailed(OfWorker, frozen=True):
    error: str  # sentences


class NoTimeLeft(OfWorker, frozen=True):
    """The workers before it took all the time that there was."""

    seconds: float


# --- the verdict


class LeakInWorkers(Fact, frozen=True):
    workers: int
    judged: int


class MayLevelOffInWorkers(Fact, frozen=True):
    workers: int
    judged: int


class WorkersInDoubt(Fact, frozen=True):
    """Workers that show no suspect, and of which it cannot be told."""

    workers: int
    judged: int


class NotAllJudged(Fact, frozen=True):
    """Those that were judged do not leak."""

    judged: int
    workers: int


class NoneJudged(Fact, frozen=True):
    workers: int


class NothingGrowsAnywhere(Fact, frozen=True):
    workers: int
    requests: int


# --- what to do


class CaptureWorkers(Fact, frozen=True):
    numbers: list[int]


MissingFact = NoSnapshot | SingleSnapshot | ReadingFailed | NoTimeLeft
ServiceVerdictFact = (
    VerdictFact
    | LeakInWorkers
    | MayLevelOffInWorkers
    | WorkersInDoubt
    | NotAllJudged
    | NoneJudged
    | NothingGrowsAnywhere
)
ServiceAdviceFact = AdviceFact | CaptureWorkers
