"""The report as plain text, for a terminal."""

from __future__ import annotations

import textwrap

from ..model.report import Report, Suspect
from ..text import bytes_text, percent_text
from .sentences.say import births_text, explained_text, rate_text, requests_text, samples_text

WIDTH = 80  # columns
MAX_SITES = 3
MAX_ENDPOINTS = 3


def render(report: Report) -> str:
    """The whole report."""
    lines = [*_wrapped(report.summary), "", *_wrapped(_basis(report))]
    if report.explained is not None:
        lines += _wrapped(explained_text(report.explained))
    for suspect in report.suspects:
        lines += ["", *_suspect(suspect, report)]
    if report.advice not in (suspect.remedy for suspect in report.suspects):
        lines += ["", *_wrapped(report.advice)]
    return "\n".join(lines)


def _basis(report: Report) -> str:
    interval = report.interval
    requests = requests_text(interval)
    if report.base is None:
        return f"Verdict: {report.verdict}. Snapshot {report.target.id}, after {requests}."
    return (
        f"Verdict: {report.verdict}, over {requests} in {interval.seconds:g} s. "
        f"Snapshots {report.base.id} to {report.target.id}."
    )


def _suspect(suspect: Suspect, report: Report) -> list[str]:
    holder = suspect.holder
    path = f" at {holder.path}" if holder and holder.path else ""
    head = f"{suspect.rank}. {suspect.cause}{path} ({percent_text(suspect.confidence)} sure)"
    lines = _wrapped(head, "", "   ") + _wrapped(f"{suspect.summary}.", "   ", "   ")
    each = suspect.growing.per_request
    if report.interval.counted_by != "nobody":
        rate = rate_text(each.objects)
        noun = "object" if rate == "1" else "objects"
        lines += _item(f"{rate} {noun} and {bytes_text(each.bytes)} per request")
    for site in suspect.allocated_at[:MAX_SITES]:
        lines += _item(f"allocated at {site.place} {site.called}{samples_text(site)}")
    if suspect.endpoints:
        named = (f"{e.endpoint} {percent_text(e.share)}" for e in suspect.endpoints[:MAX_ENDPOINTS])
        lines += _item(f"endpoint {', '.join(named)}")
    if suspect.births is not None:
        lines += _item(births_text(suspect.births))
    for sentence in suspect.evidence:
        lines += _item(sentence)
    return lines + _wrapped(f"What to do: {suspect.remedy}", "   ", "   ")


def _item(text: str) -> list[str]:
    return _wrapped(text, "   - ", "     ")


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
