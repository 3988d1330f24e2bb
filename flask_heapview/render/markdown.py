"""The report as Markdown, to paste into a ticket: of one worker, or of the whole service."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model.query import WorkerRef
from ..model.report import Report, Suspect
from ..model.service_report import ServiceReport, ServiceSuspect
from ..text import bytes_text, number_text, percent_text
from .sentences.say import births_text, explained_text, requests_text, samples_text

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")


def escape(text: str) -> str:
    """Text that Markdown leaves alone."""
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str) -> str:
    """A code span around any text."""
    return f"`{text.replace('`', 'ˋ')}`"


def render(report: Report) -> str:
    """The whole report."""
    lines = [
        f"# {escape(report.summary)}",
        "",
        _basis(report),
        *([] if report.explained is None else [explained_text(report.explained)]),
        "",
        escape(report.advice),
    ]
    for suspect in report.suspects:
        lines += ["", *_suspect(suspect)]
    return "\n".join(lines) + "\n"


def _basis(report: Report) -> str:
    verdict, requests = f"Verdict: **{report.verdict}**", requests_text(report.interval)
    if report.base is None:
        return f"{verdict}, after {requests} (snapshot {report.target.id})."
    return (
        f"{verdict}, over {requests} in {report.interval.seconds:g} s "
        f"(snapshots {report.base.id} to {report.target.id})."
    )


def render_service(report: ServiceReport) -> str:
    """The report on all workers."""
    lines = [
        f"# {escape(report.summary)}",
        "",
        f"Verdict: **{report.verdict}**, over {requests_text(report.interval)} in "
        f"{len(report.judged)} of {report.live} workers.",
        "",
        escape(report.advice),
    ]
    for suspect in report.suspects:
        lines += ["", *_suspect(suspect, _in_each(suspect))]
    if report.judged:
        lines += ["", "## Judged", ""]
    lines += [
        f"- {_worker(each)}: {each.verdict} (snapshots {each.base.id} to {each.target.id}). "
        f"{escape(each.summary)}"
        for each in report.judged
    ]
    if report.missing:
        lines += ["", "## Not judged", ""]
    lines += [f"- {escape(each.reason)}" for each in report.missing]
    return "\n".join(lines) + "\n"


def _worker(worker: WorkerRef) -> str:
    return f"worker {worker.number} ({worker.id})" if worker.number else f"worker {worker.id}"


def _in_each(suspect: ServiceSuspect) -> list[str]:
    """Where it is, with a row for each worker."""
    rows = [
        f"| {_worker(row)} | {percent_text(row.confidence)} | {number_text(row.objects)} "
        f"| {bytes_text(row.bytes)} | {bytes_text(row.per_request.bytes)} |"
        for row in suspect.workers
    ]
    heads = "| worker | confidence | objects | size | size per request |"
    evidence = f" Evidence is from {_worker(suspect.evidence_of)}." if suspect.evidence_of else ""
    return [f"It is {suspect.seen}.{evidence}", "", heads, "| --- |" + " ---: |" * 4, *rows, ""]


def _suspect(suspect: Suspect, more: Sequence[str] = ()) -> list[str]:
    path = code(suspect.holder.path) if suspect.holder and suspect.holder.path else "no object"
    lines = [
        f"## {suspect.rank}. {suspect.cause} at {path} ({percent_text(suspect.confidence)})",
        "",
        escape(suspect.summary) + ".",
        "",
        *more,
    ]
    for site in suspect.allocated_at:
        at = code(f"{site.place} {site.called}")
        lines.append(f"- allocated at {at}{samples_text(site)}")
    lines += [
        f"- endpoint {code(share.endpoint)}: {percent_text(share.share)}"
        for share in suspect.endpoints
    ]
    if suspect.births is not None:
        lines.append(f"- {births_text(suspect.births)}")
    lines += [f"- {escape(sentence)}" for sentence in suspect.evidence]
    return [
        *lines,
        "",
        f"What to do: {escape(suspect.remedy)}",
        f"Fingerprint: {suspect.fingerprint}",
    ]
