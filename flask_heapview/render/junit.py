"""The verdict of a check as JUnit XML, which CI servers show as a test."""

from __future__ import annotations

from collections.abc import Collection
from xml.etree import ElementTree

from ..model.report import Report
from ..text import clean
from .text import render as as_text

MAX_TEXT_CHARACTERS = 100_000


def render(report: Report, name: str, known: Collection[str]) -> bytes:
    """One suite with one test of that name. It fails for leaks that are not known; where nothing
    could be told, it is skipped."""
    fails, skips = report.has_new_leaks(known), report.verdict == "inconclusive"
    seconds = f"{report.interval.seconds:.3f}"
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": "flask-heapview",
            "tests": "1",
            "failures": str(int(fails)),
            "errors": "0",
            "skipped": str(int(skips)),
            "timestamp": report.generated_at,
            "time": seconds,
        },
    )
    test = ElementTree.SubElement(
        suite, "testcase", {"classname": "flask-heapview", "name": _safe(name), "time": seconds}
    )
    if fails:
        told = {"message": _safe(report.summary), "type": report.suspects[0].cause}
        ElementTree.SubElement(test, "failure", told).text = _text(report)
    elif skips:
        ElementTree.SubElement(test, "skipped", {"message": _safe(report.summary)})
    else:
        ElementTree.SubElement(test, "system-out").text = _text(report)
    made: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return made


def _text(report: Report) -> str:
    return "\n".join(_safe(line) for line in as_text(report).splitlines())


def _safe(text: str) -> str:
    """Without what XML does not allow."""
    return clean(text, MAX_TEXT_CHARACTERS)
