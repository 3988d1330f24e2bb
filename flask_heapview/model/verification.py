"""Whether a leak that a report has named is gone: one place, measured again after a fix."""

from __future__ import annotations

from typing import Literal

from .base import Model
from .report import Cause, EndpointShare, Growing, PathRef

SCHEMA = "flask-heapview/verification/1"
Result = Literal["gone", "still-there", "inconclusive"]
# why it is inconclusive: no request went where the leak was; too few requests were made; it grows,
# but may level off; the error of the measurement leaves room for the leak
Doubt = Literal["not-asked", "few-requests", "may-level-off", "imprecise"]


class Earlier(Model, frozen=True):
    """A suspect as a report of before the fix has it. A report may have more fields."""

    fingerprint: str
    cause: Cause
    growing: Growing
    holder: PathRef | None = None
    endpoints: list[EndpointShare] = []


class EarlierReport(Model, frozen=True):
    """What is read of such a report, of one worker or of all."""

    schema: str
    suspects: list[Earlier]

    def suspect(self, fingerprint: str) -> Earlier | None:
        return next((one for one in self.suspects if one.fingerprint == fingerprint), None)


class Other(Model, frozen=True):
    """Another leak that was found meanwhile."""

    fingerprint: str
    cause: Cause
    path: str | None


class Verification(Model, frozen=True):
    """The answer. Its rate is that of the place, or of all live objects where `whole` is true."""

    schema: str
    fingerprint: str
    result: Result
    cause: Cause | None  # None where nothing in the process has that fingerprint
    path: str | None
    whole: bool
    requests: int  # over which it was measured
    bytes_per_request: float
    margin_bytes: float | None  # half of the 95 % confidence interval, where it is known
    before: float | None = None  # bytes a request, in the earlier report
    endpoint: str | None = None  # whose requests it grew by, in the earlier report
    doubt: Doubt | None = None
    more_requests: int = 0  # that would settle a doubt
    others: list[Other] = []
    summary: str = ""
    advice: str = ""
