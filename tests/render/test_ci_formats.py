"""The verdict for CI: JUnit XML, SARIF, and annotations."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.judge import judge
from flask_heapview.model.report import Report
from flask_heapview.render import github, junit, sarif
from flask_heapview.render.ci_text import uri_of
from flask_heapview.render.sentences.verdict import with_sentences

from ..analysis.factories import row

LEAK = with_sentences(judge(row(100, 200, 300, 400)))
FINE = with_sentences(judge(row(100, 100, 100, 100)))
KNOWN = frozenset(one.fingerprint for one in LEAK.suspects)
ROOT = Path("/srv")
DOUBT = replace(LEAK, verdict="inconclusive")


@pytest.mark.parametrize(
    ("report", "known", "failures", "skipped"),
    [
        (LEAK, frozenset(), 1, 0),
        (LEAK, KNOWN, 0, 0),
        (FINE, frozenset(), 0, 0),
        (DOUBT, frozenset(), 0, 1),
    ],
    ids=["leak", "known", "fine", "doubt"],
)
def test_junit(report: Report, known: frozenset[str], failures: int, skipped: int) -> None:
    suite = ElementTree.fromstring(junit.render(report, "/page/{n}", known))
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["1", str(failures), "0", str(skipped)]
    (case,) = suite.findall("testcase")
    assert case.get("name") == "/page/{n}"
    assert len(case.findall("failure")) == failures
    assert len(case.findall("skipped")) == skipped
    for failure in case.findall("failure"):
        assert "app.cache" in (failure.text or "")
        assert failure.get("type") == "unbounded-container"


def test_junit_takes_any_text() -> None:
    """XML has no control characters, escaped or not."""
    report = replace(LEAK, summary="a \x00 <b> \x1b[2J \ud800 & c")
    suite = ElementTree.fromstring(junit.render(report, "/\x07", frozenset()))
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "a \\x00 <b> \\x1b[2J \\ud800 & c"


def test_sarif() -> None:
    log = json.loads(sarif.render(LEAK, frozenset(), ROOT, "1.2"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    (result,) = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "unbounded-container"
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 17}}
    assert result["partialFingerprints"] == {sarif.FINGERPRINT: LEAK.suspects[0].fingerprint}
    assert (result["level"], result["baselineState"]) == ("error", "new")
    assert "app.cache" in result["message"]["text"]
    known = json.loads(sarif.render(LEAK, KNOWN, ROOT, "1.2"))["runs"][0]["results"][0]
    assert known["baselineState"] == "unchanged"
    assert json.loads(sarif.render(FINE, frozenset(), ROOT, "1.2"))["runs"][0]["results"] == []


def test_files_outside_of_the_checkout_keep_their_address() -> None:
    assert uri_of("/opt/app.py", ROOT) == "file:///opt/app.py"
    assert uri_of("<string>", ROOT) == "<string>"


def test_annotations() -> None:
    line = github.render(LEAK, frozenset(), ROOT)
    assert line.startswith(
        "::error title=Memory leak%3A unbounded-container,file=app.py,line=17::dict app.cache"
    )
    assert github.render(LEAK, KNOWN, ROOT).startswith("::notice ")
    assert github.render(FINE, frozenset(), ROOT) == ""


def test_an_annotation_stays_on_its_line() -> None:
    suspect = replace(LEAK.suspects[0], summary="100 %\r\n::error::forged")
    line = github.render(replace(LEAK, suspects=[suspect]), frozenset(), ROOT)
    assert "\n" not in line
    assert "100 %25%0D%0A::error::forged" in line
