"""The ticket: the verdict on two snapshots."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from .base import Model
from .births import Births
from .facts import AdviceFact, EvidenceFact, Impact, SuspectFact, VerdictFact
from .library_facts import LibraryRemedy
from .snapshot import CountedBy

SCHEMA = "flask-heapview/report/1"
MIN_LEAK_CONFIDENCE = 0.5  # confidence from which a suspect is a leak
MAX_SUSPECTS = 20  # that are told, the worst first
Verdict = Literal["leak", "no-leak", "inconclusive"]
Cause = Literal[
    "unbounded-container",
    "unbounded-cache",
    "registry",
    "traceback",
    "reference-cycle",
    "uncollectable",
    "unclosed-resource",
    "thread",
    "native",
    "fragmentation",
    "off-process",
]


class SnapshotRef(Model, frozen=True):
    id: str
    taken_at: str  # RFC 3339, UTC
    worker: str = ""  # its id


class Interval(Model, frozen=True):
    seconds: float  # between the two snapshots
    requests: int  # served meanwhile
    endpoints: dict[str, int]  # of these, by endpoint
    snapshots: int = 2  # how many snapshots the judgement rests on
    counted_by: CountedBy = "app"  # who counts the requests; of nobody's, `requests` is 0


class PathRef(Model, frozen=True):
    path: str | None  # dotted, as a person would search for it; None where nothing leads there
    type: str  # of the object at its end


class PerRequest(Model, frozen=True):
    """Rates; both are 0 where nobody counts the requests."""

    objects: float
    bytes: float


class Growing(Model, frozen=True):
    type: str  # of what came, the commonest
    objects: int  # that came
    bytes: int  # that came
    per_request: PerRequest


class AllocatedAt(Model, frozen=True):
    file: str
    line: int
    function: str
    bytes: int  # allocated there, of what came
    samples: int | None = None  # that the bytes are estimated from; None where they are exact
    # of C, whose function it then is. The line is Python's that called it; no file, where none did
    library: str = ""

    @property
    def place(self) -> str:
        """The line, or the library where no line of Python led there."""
        return f"{self.file}:{self.line}" if self.file else self.library

    @property
    def called(self) -> str:
        """The function, with its library where it is one of C."""
        return f"{self.function} of {self.library}" if self.library else self.function


class EndpointShare(Model, frozen=True):
    endpoint: str
    share: float  # 0 to 1, of the growth


class Suspect(Model, frozen=True):
    rank: int  # from 1 on, the surest first
    cause: Cause
    confidence: float  # 0 to 1; from 0.5 on it is a leak
    summary: str  # without its full stop
    holder: PathRef | None  # who holds it; None where no Python object does
    growing: Growing
    allocated_at: list[AllocatedAt] = []  # the most bytes first
    endpoints: list[EndpointShare] = []  # the largest share first
    evidence: list[str] = []  # the words of evidence_facts, one for one
    remedy: str = ""  # what to do
    fingerprint: str = ""  # of cause and place, the same in each run
    summary_fact: SuspectFact | None = None  # what the summary words
    evidence_facts: list[EvidenceFact] = []
    impact: Impact | None = None  # where it grows by bytes, at a known rate
    births: Births | None = None  # of what its first site allocated and is alive; sampled only
    remedy_rule: str = ""  # which remedy it is: a cause, or a rule of one library
    remedy_fact: LibraryRemedy | None = None  # in its place, where a library is at fault

    @property
    def leaks(self) -> bool:
        """Whether it is sure enough to be called a leak."""
        return self.confidence >= MIN_LEAK_CONFIDENCE

    def is_new(self, known: Collection[str]) -> bool:
        """Whether it is a leak whose fingerprint is none of these."""
        return self.leaks and self.fingerprint not in known


class Explained(Model, frozen=True):
    """How much of what the process grew by its suspects account for. All are bytes."""

    resident: int  # more resident memory, of no file
    suspects: int  # what the leaks among the suspects have gained
    rest: int  # less than 0 where they took memory that had been free


class Report(Model, frozen=True):
    schema: str  # SCHEMA: what the fields mean
    generated_at: str  # RFC 3339, UTC
    base: SnapshotRef | None  # the earlier snapshot; None where there is only one
    target: SnapshotRef  # the later snapshot
    interval: Interval
    verdict: Verdict
    summary: str  # the verdict in a sentence or two
    advice: str  # what would settle it, or what to do next
    suspects: list[Suspect]  # by confidence, then by bytes
    summary_facts: list[VerdictFact] = []  # what the summary words
    advice_facts: list[AdviceFact] = []  # what the advice words
    explained: Explained | None = None  # where resident memory grew, of several snapshots
    versions: dict[
        str, str
    ] = {}  # of Python, the C library, Flask, this package, and libraries at fault

    def has_new_leaks(self, known: Collection[str]) -> bool:
        """Whether it leaks, and not only what was known before."""
        return self.verdict == "leak" and any(one.is_new(known) for one in self.suspects)
