"""Which function words which fact, and what they share."""

from __future__ import annotations

from functools import singledispatch

from ...model import facts
from ...model.births import Births
from ...model.fact import Fact
from ...model.report import AllocatedAt, Explained, Interval
from ...text import bars_text, bytes_text, number_text, percent_text

# those without a figure
PLAIN: dict[type[Fact], str] = {
    facts.EntriesRemoved: "Entries are also removed: those in the earlier snapshot are gone. "
    "It may be a cache with turnover.",
    facts.CollectorDisabled: "The garbage collector is disabled.",
    facts.LeakFound: "It leaks.",
    facts.MayLevelOff: "Something grows, but it may level off.",
    facts.OneSnapshot: "One snapshot is not enough here.",
    facts.CaptureAgain: "Send traffic, capture again, and compare the two.",
    facts.CaptureInProduction: "If memory still grows in production, capture there, "
    "with its real traffic.",
}


@singledispatch
def say(fact: Fact) -> str:
    """The fact in one sentence or two, each with its full stop. Raises KeyError without words."""
    return PLAIN[type(fact)]


def count_text(count: int, noun: str) -> str:
    """1 request, 1,000 requests, 2 entries."""
    if count == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number_text(count)} {plural}"


def requests_text(interval: Interval) -> str:
    """1,000 requests; how many is unknown where nobody counts them."""
    known = interval.counted_by != "nobody"
    return f"{number_text(interval.requests) if known else 'an unknown number of'} requests"


def births_text(births: Births) -> str:
    """alive by birth ▇▇█▇, from the first of 400 requests to the last (23 samples)."""
    return f"alive by birth {bars_text(births.drawn)}, {ages_text(births)}"


def ages_text(births: Births) -> str:
    """from the first of 400 requests to the last (23 samples)"""
    noun = "request" if births.by == "requests" else "second"
    samples = count_text(sum(births.samples), "sample")
    return f"from the first of {count_text(births.until, noun)} to the last ({samples})"


def explained_text(found: Explained) -> str:
    """The leaks below account for 11.8 MB of the 12 MB by which resident memory grew (98 %)."""
    whole = f"the {bytes_text(found.resident)} by which resident memory grew"
    if not found.suspects:
        return f"No leak accounts for {whole}."
    if found.rest <= 0:
        said = f"The leaks below account for all of {whole}."
        beyond = f"They also took {bytes_text(-found.rest)} that had been free before."
        return f"{said} {beyond}" if found.rest else said
    share = percent_text(round(found.suspects / found.resident, 2))
    return (
        f"The leaks below account for {bytes_text(found.suspects)} of {whole} ({share}). "
        f"The rest is {bytes_text(found.rest)}."
    )


def samples_text(site: AllocatedAt) -> str:
    """The samples that it rests on, behind a place; empty where it is exact."""
    return "" if site.samples is None else f" ({count_text(site.samples, 'sample')})"


def span_text(requests: int, seconds: float | None) -> str:
    """200 requests; 12.5 s where nobody counts them."""
    return count_text(requests, "request") if seconds is None else f"{seconds:,g} s"


def each_text(seconds: float | None) -> str:
    """What a rate is per."""
    return "request" if seconds is None else "second"


def rate_text(value: float) -> str:
    """0.5, 1, 1,234.25."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def name_text(*parts: str) -> str:
    """Type and path in one, without a blank for what is not there."""
    return " ".join(part for part in parts if part) or "An object without a name"
