"""The verdict as workflow commands of GitHub Actions: an annotation at the line of each suspect."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ..model.report import Report, Suspect
from .ci_text import message_of, uri_of


def render(report: Report, known: Collection[str], root: Path) -> str:
    """A line for each suspect: an error for a new leak, a notice for a known or a doubtful one."""
    return "\n".join(_annotation(one, known, root) for one in report.suspects)


def _annotation(suspect: Suspect, known: Collection[str], root: Path) -> str:
    new = suspect.is_new(known)
    fields = {"title": f"Memory leak: {suspect.cause}" if new else f"Memory: {suspect.cause}"}
    for site in (site for site in suspect.allocated_at[:1] if site.file):
        fields |= {"file": uri_of(site.file, root), "line": str(site.line)}
    told = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::{'error' if new else 'notice'} {told}::{_message(message_of(suspect))}"


def _message(text: str) -> str:
    """As the runner reads it: line breaks and the sign of an escape are escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
