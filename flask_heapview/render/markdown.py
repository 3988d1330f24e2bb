"""The report as Markdown, to paste into a ticket."""

from __future__ import annotations

import re

from ..model.report import Interval, Report, Suspect
from ..text import number_text

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")


def escape(text: str) -> str:
    """Text that Markdown leaves alone."""
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str) -> str:
    """A code span around any text."""
    return f"`{text.replace('`', 'ˋ')}`"


def render(report: Report) -> str:
    """The whole report."""
    base = report.base.id if report.base else "none"
    lines = [
        f"# {escape(report.summary)}",
        "",
        f"Verdict: **{report.verdict}**, over {_requests(report.interval)} in "
        f"{report.interval.seconds:g} s (snapshots {base} to {report.target.id}).",
        "",
        escape(report.advice),
    ]
    for suspect in report.suspects:
        lines += ["", *_suspect(suspect)]
    return "\n".join(lines) + "\n"


def _requests(interval: Interval) -> str:
    if interval.counted_by == "nobody":
        return "an unknown number of requests"
    return f"{number_text(interval.requests)} requests"


def _suspect(suspect: Suspect) -> list[str]:
    path = code(suspect.holder.path) if suspect.holder and suspect.holder.path else "no object"
    lines = [
        f"## {suspect.rank}. {suspect.cause} at {path} ({suspect.confidence:.0%})",
        "",
        escape(suspect.summary) + ".",
        "",
    ]
    for site in suspect.allocated_at:
        lines.append(f"- allocated at {code(f'{site.file}:{site.line} {site.function}')}")
    lines += [
        f"- endpoint {code(share.endpoint)}: {share.share:.0%}" for share in suspect.endpoints
    ]
    lines += [f"- {escape(sentence)}" for sentence in suspect.evidence]
    return [
        *lines,
        "",
        f"What to do: {escape(suspect.remedy)}",
        f"Fingerprint: {suspect.fingerprint}",
    ]
