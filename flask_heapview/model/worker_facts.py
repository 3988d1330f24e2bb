"""What was found of several workers together, as figures without words: see model/facts.py."""

from __future__ import annotations

from .fact import Fact
from .facts import AdviceFact, VerdictFact


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


class WorkersInDoubt(OfWorker, frozen=True):
    """Workers that show no suspect, and of which it cannot be told; one of them is named."""

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


class JudgeAlone(Fact, frozen=True):
    """Workers for which no time was left."""

    numbers: list[int]


# --- worker compared with worker


class Pair(OfWorker, frozen=True, kw_only=True):
    """A worker, against the one in the middle: the lower of both, where there are two."""

    than_number: int
    than_worker: str


class OwnerDiffers(Pair, frozen=True):
    path: str
    bytes: int
    more: bool  # or less
    entries: int | None  # in that worker, of what collects
    than_entries: int | None


class HeapDiffers(Pair, frozen=True):
    """All Python objects together."""

    bytes: int
    more: bool


class ResidentDiffers(Pair, frozen=True):
    bytes: int
    more: bool
    objects_bytes: int  # of these, in Python objects


class OnlyIn(OfWorker, frozen=True):
    """A container or cache with entries in one worker alone."""

    path: str
    type: str
    entries: int
    bytes: int | None  # with all below; None where it is not known


class AboutTheSame(Fact, frozen=True):
    workers: int
    min_bytes: int  # a difference that would have been told


class TooFewToCompare(Fact, frozen=True):
    workers: int  # that have a snapshot


class NotCompared(OfWorker, frozen=True):
    """More workers than are compared at once."""

    max_workers: int


MissingFact = NoSnapshot | SingleSnapshot | ReadingFailed | NoTimeLeft | NotCompared
AcrossFact = OwnerDiffers | HeapDiffers | ResidentDiffers | OnlyIn | AboutTheSame | TooFewToCompare
ServiceVerdictFact = (
    VerdictFact
    | LeakInWorkers
    | MayLevelOffInWorkers
    | WorkersInDoubt
    | NotAllJudged
    | NoneJudged
    | NothingGrowsAnywhere
)
ServiceAdviceFact = AdviceFact | CaptureWorkers | JudgeAlone
