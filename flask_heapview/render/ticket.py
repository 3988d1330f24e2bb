"""A ticket: the report as text for an issue tracker, with all that somebody without access needs.

It has the verdict, what the fix is worth, the evidence, pictures in characters, versions and
fingerprints. It has no values, keys or reprs of the app, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..model.facts import Impact
from ..model.query import WorkerRef
from ..model.report import Report, Suspect
from ..model.service_report import ServiceReport, ServiceSuspect
from ..text import bars_text, bytes_text, number_text, percent_text
from ..views.path import split
from .markup import MARKUPS, Flavor, Markup
from .sentences.say import ages_text, explained_text, requests_text, samples_text
from .sentences.worth import worth_text

MAX_CHARACTERS = 30_000  # Jira's text fields take 32,767, GitHub's 65,536
MAX_ITEMS = 20  # of one list
MAX_STEPS = 24  # of a path that is drawn
REDACTED = (
    "No values, keys or reprs are in this ticket. "
    "It has paths, types, files, functions and endpoints."
)


def render(report: Report | ServiceReport, flavor: Flavor) -> str:
    """The whole ticket. Suspects that do not fit are left out, which is said."""
    markup = MARKUPS[flavor]
    head, tail = _head(report, markup), _tail(report, markup)
    room = MAX_CHARACTERS - _length([*head, *tail])
    lines: list[str] = []
    shown = 0
    for suspect in report.suspects:
        section = ["", *_suspect(suspect, report, markup)]
        if _length([*lines, *section]) > room:
            break
        lines, shown = [*lines, *section], shown + 1
    left_out = len(report.suspects) - shown
    if left_out:
        lines += ["", f"{number_text(left_out)} more in the JSON report: there is no room here."]
    return "\n".join([*head, *lines, *tail]) + "\n"


def _length(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _head(report: Report | ServiceReport, markup: Markup) -> list[str]:
    lines = [
        markup.heading(1, markup.text(report.summary)),
        "",
        f"{markup.strong(f'Verdict: {report.verdict}')}{markup.text(_basis(report))}",
    ]
    if isinstance(report, Report):
        worth = worth_text([one.impact for one in report.suspects if one.leaks and one.impact])
        lines += ["", *_worth(worth, markup)]
        if report.explained is not None:
            lines += ["", markup.text(explained_text(report.explained))]
    return [*lines, "", f"{markup.strong('What to do:')} {markup.text(report.advice)}"]


def _basis(report: Report | ServiceReport) -> str:
    requests = requests_text(report.interval)
    if isinstance(report, ServiceReport):
        return f", over {requests} in {len(report.judged)} of {report.live} workers."
    if report.base is None:
        return f", after {requests} (snapshot {report.target.id}, worker {report.target.worker})."
    return (
        f", over {requests} in {report.interval.seconds:,g} s "
        f"(snapshots {report.base.id} to {report.target.id}, worker {report.target.worker})."
    )


def _worth(said: str, markup: Markup) -> list[str]:
    return [f"{markup.strong('What the fix is worth:')} {markup.text(said)}"] if said else []


# --- one suspect


def _suspect(suspect: Suspect, report: Report | ServiceReport, markup: Markup) -> list[str]:
    path = suspect.holder.path if suspect.holder else None
    at = f" at {markup.code(path)}" if path else ""
    sure = markup.text(f"({percent_text(suspect.confidence)} sure)")
    lines = [
        markup.heading(2, f"{suspect.rank}. {markup.text(suspect.cause)}{at} {sure}"),
        "",
        markup.text(f"{suspect.summary}."),
        *_of_service(suspect, markup),
    ]
    if len(report.suspects) > 1 or isinstance(report, ServiceReport):
        worth = _worth(_worth_of(suspect), markup)
        lines += ["", *worth] if worth else []
    if path:
        lines += ["", "Path from its root:", "", *markup.block(chain(path, _grown(suspect)))]
    if suspect.births is not None:
        bars = [bars_text(suspect.births.drawn), ages_text(suspect.births)]
        lines += ["", "Alive by birth, the oldest first:", "", *markup.block(bars)]
    return [
        *lines,
        *_list("Allocated at:", _sites(suspect, markup), markup),
        *_list("Endpoints:", _endpoints(suspect, markup), markup),
        *_list(_evidence_title(suspect), map(markup.text, suspect.evidence), markup),
        "",
        f"{markup.strong('What to do:')} {markup.text(suspect.remedy)}",
        "",
        f"Fingerprint: {markup.code(suspect.fingerprint)}",
    ]


def chain(path: str, end: str) -> list[str]:
    """The path as a chain, each step below the one that holds it, and `end` behind the last.

    app
    └ .cache   end
    """
    steps: Sequence[str] = split(path[: MAX_STEPS * 400])
    if len(steps) > MAX_STEPS:
        half = MAX_STEPS // 2
        steps = [*steps[:half], f"… {len(steps) - 2 * half} more steps", *steps[-half:]]
    lines = [
        f"{'   ' * (depth - 1)}└─ {step[:80]}" if depth else step[:80]
        for depth, step in enumerate(steps)
    ]
    return [*lines[:-1], f"{lines[-1]}   {end}"] if lines else [end]


def _grown(suspect: Suspect) -> str:
    growing = suspect.growing
    kind = suspect.holder.type if suspect.holder else ""
    said = f"{kind}: " if kind else ""
    what = f" of {growing.type}" if growing.type else ""
    return f"{said}+{number_text(growing.objects)} objects{what}, +{bytes_text(growing.bytes)}"


def _sites(suspect: Suspect, markup: Markup) -> list[str]:
    return [
        markup.code(f"{site.place} {site.called}") + markup.text(samples_text(site))
        for site in suspect.allocated_at
    ]


def _endpoints(suspect: Suspect, markup: Markup) -> list[str]:
    return [f"{markup.code(one.endpoint)}: {percent_text(one.share)}" for one in suspect.endpoints]


def _list(title: str, items: Iterable[str], markup: Markup) -> list[str]:
    shown = list(items)
    rest = len(shown) - MAX_ITEMS
    lines = [markup.bullet(item) for item in shown[:MAX_ITEMS]]
    lines += [markup.bullet(f"{number_text(rest)} more in the JSON report")] if rest > 0 else []
    return ["", title, "", *lines] if lines else []


def _worth_of(suspect: Suspect) -> str:
    """Of a service's suspect, in the worker that has its evidence."""
    found: list[Impact] = [suspect.impact] if suspect.impact and suspect.leaks else []
    said = worth_text(found)
    if said and isinstance(suspect, ServiceSuspect) and suspect.evidence_of:
        return f"In {_worker(suspect.evidence_of)} alone: {said}"
    return said


# --- of a service


def _worker(worker: WorkerRef) -> str:
    return f"worker {worker.number or worker.id}"


def _evidence_title(suspect: Suspect) -> str:
    if isinstance(suspect, ServiceSuspect) and suspect.evidence_of and len(suspect.workers) > 1:
        return f"Evidence, from worker {suspect.evidence_of.number}:"
    return "Evidence:"


def _of_service(suspect: Suspect, markup: Markup) -> list[str]:
    if not isinstance(suspect, ServiceSuspect):
        return []
    rows = [
        [
            _worker(row),
            percent_text(row.confidence),
            number_text(row.objects),
            bytes_text(row.bytes),
            bytes_text(row.per_request.bytes),
        ]
        for row in suspect.workers[:MAX_ITEMS]
    ]
    heads = ["worker", "sure", "objects", "size", "size per request"]
    return ["", markup.text(f"Seen {suspect.seen}."), "", *markup.table(heads, rows)]


def _workers(report: ServiceReport, markup: Markup) -> list[str]:
    judged = (f"{_worker(one)}: {one.verdict}. {one.summary}" for one in report.judged)
    missing = (f"{one.reason}." for one in report.missing)
    return [
        *_list("Judged:", map(markup.text, judged), markup),
        *_list("Not judged:", map(markup.text, missing), markup),
    ]


# --- the end


def _tail(report: Report | ServiceReport, markup: Markup) -> list[str]:
    lines = _workers(report, markup) if isinstance(report, ServiceReport) else []
    if report.versions:
        rows = list(report.versions.items())[:MAX_ITEMS]
        lines += ["", markup.heading(2, "Versions"), "", *markup.table(["what", "version"], rows)]
    return [*lines, "", REDACTED]
