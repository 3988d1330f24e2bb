"""The words of each fact: short sentences, with units and separators."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import msgspec
import pytest

import flask_heapview.render.sentences.opinions
import flask_heapview.render.sentences.workers  # noqa: F401  both register their words
from flask_heapview.analysis.library_rules import LOST_REFERENCE, REMEDY_RULES
from flask_heapview.analysis.native_remedies import OWN_LIBRARY
from flask_heapview.analysis.native_remedies import RULES as NATIVE_RULES
from flask_heapview.model import facts
from flask_heapview.model.fact import Fact
from flask_heapview.model.report import Cause
from flask_heapview.render.sentences.remedies import REMEDIES
from flask_heapview.render.sentences.say import count_text
from flask_heapview.render.sentences.verdict import say
from flask_heapview.reports.queries import judge_in_words

from ..analysis.factories import row

MAX_WORDS = 25


def leaves(kind: type[Fact]) -> list[type[Fact]]:
    """The kinds below it that are no group of others."""
    below = kind.__subclasses__()
    return [leaf for each in below for leaf in leaves(each)] if below else [kind]


KINDS = sorted(leaves(Fact), key=lambda kind: kind.__name__)
# figures as a large service has them, by the field's name
TEXTS = {
    "path": "shop.pricing.PriceBook.total.cache",
    "type": "functools._lru_cache_wrapper",
    "chain": "Order.items → list[0] → Order",
    "file": "/srv/shop/views.py",
    "function": "process_data",
    "endpoint": "shop.process_data",
    "name": "/dev/shm/upload-#",
    "rule": "native",
    "first": "native",
    "second": "portable",
    "worker": "4711-1795000000",
    "than_worker": "4712-1795000000",
    "error": "A snapshot is damaged. Delete it.",
    "library": "prometheus-client",
    "distribution": "prometheus-client 0.20.1",
    "version": "0.20.1",
    "versions": ">=0.19, <0.21",
    "fixed_in": "0.21.0",
    "what": "Each scrape leaks a sample.",
    "meanwhile": "Scrape less often.",
    "reference": "https://example.org/issues/937",
}
WORKER = re.compile(r"\b[Ww]orkers? [\d,]+(?:-\d+)?(?:(?:, | and )[\d,]+)*")
UNITS = (
    r"B|kB|MB|GB|requests?|objects?|entries|intervals?|readings?|threads?|times?|files?|arenas?"
    r"|workers?|samples?|types?|s"
)


def examples(kind: type[Fact], figure: int = 21_745) -> list[Fact]:
    """One with everything, and one with nothing that may be absent; each literal's values."""
    fields = msgspec.structs.fields(kind)
    literal = next((f for f in fields if get_args(f.type) and f.type not in (int, float)), None)
    values = [v for v in get_args(literal.type) if isinstance(v, str)] if literal else [""]
    found = []
    for value in values or [""]:
        for full in (True, False):
            data: dict[str, Any] = {"kind": kind.__struct_config__.tag}
            for field in fields:
                data[field.name] = _value(field, figure, full)
                if value and field is literal:
                    data[field.name] = value
            found.append(msgspec.convert(data, kind))
    return found


def _value(field: msgspec.structs.FieldInfo, figure: int, full: bool) -> Any:
    if not full and type(None) in get_args(field.type):
        return None
    if field.type is bool:
        return full
    if field.type == list[str]:
        return ["shop.orders", "shop.audit.log"]
    if field.type == list[int]:
        return [2000, 10, 10]
    if field.name in TEXTS:
        return TEXTS[field.name]
    return figure


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) (?=[A-Z0-9])", text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_has_plain_words(kind: type[Fact]) -> None:
    for fact in examples(kind):
        said = say(fact)
        assert said == said.strip()
        assert said.endswith(".")
        assert "  " not in said
        for sentence in sentences(said):
            assert len(sentence.split()) <= MAX_WORDS, sentence
        # the number of a line in a file is no amount, nor is a worker's
        amounts = WORKER.sub("", re.sub(r"\.py:\d+", "", said))
        assert not re.search(r"\d{4}", amounts), said
        assert "None" not in said


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_figure_has_its_unit(kind: type[Fact]) -> None:
    for fact in examples(kind):
        said = WORKER.sub("", say(fact))
        for found in re.finditer(r"21[,.]7(?:45)?\b", said):
            rest = said[found.end() :]
            before = r" (?:of [\d,]+ )?(?:more |single )?(?:file )?"
            assert re.match(rf"{before}(?:{UNITS}|leaks?|cycles?|descriptors?)\b", rest), said


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_fact_is_plain_json(kind: type[Fact]) -> None:
    for fact in examples(kind):
        data = json.loads(msgspec.json.encode(fact))
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", data["kind"])
        assert msgspec.json.decode(json.dumps(data), type=kind) == fact


@pytest.mark.parametrize("rule", sorted(REMEDIES))
def test_each_remedy_is_short(rule: str) -> None:
    said = REMEDIES[rule]
    assert said.endswith(".")
    for sentence in sentences(said):
        assert len(sentence.split()) <= MAX_WORDS, sentence


def test_no_remedy_is_left_over() -> None:
    rules = [LOST_REFERENCE, OWN_LIBRARY, *(rule for rule, _ in (*REMEDY_RULES, *NATIVE_RULES))]
    assert set(REMEDIES) == {*get_args(Cause), *rules}


def test_one_is_no_plural() -> None:
    said = [count_text(count, "entry") for count in (1, 2, 1000)]
    assert said == ["1 entry", "2 entries", "1,000 entries"]
    rate = facts.EntryRate(
        path="a.b", entries=200, requests=200, entries_per_request=1, bytes_per_request=1000
    )
    assert say(rate).endswith("(1 entry and 1.0 kB per request).")


@pytest.mark.parametrize(("kind", "path"), [("", "(held from C)"), ("dict", ""), ("", "")])
def test_no_sentence_begins_with_a_blank(kind: str, path: str) -> None:
    """A type or a path that is not known leaves no gap."""
    grew = facts.ContainerGrew(
        path=path, type=kind, entries=5, bytes=50, requests=5, entries_removed=False
    )
    rate = facts.EntryRate(
        path=path, entries=5, requests=5, entries_per_request=1, bytes_per_request=10
    )
    swollen = facts.ObjectGrew(path=path, type=kind, bytes=5, requests=5)
    for fact in (grew, rate, swollen):
        assert re.match(r"[\w(]", say(fact)), say(fact)
        assert "  " not in say(fact)


def test_what_was_removed_is_not_called_kept() -> None:
    kept = facts.ContainerGrew(
        path="app.cache", type="dict", entries=1000, bytes=38_200_000, requests=1000,
        entries_removed=False,
    )  # fmt: skip
    assert say(kept) == (
        "dict app.cache gained 1,000 entries (38.2 MB) in 1,000 requests and never let one go."
    )
    assert "never" not in say(msgspec.structs.replace(kept, entries_removed=True))


def test_the_report_has_the_words_and_the_figures() -> None:
    report = judge_in_words(row(100, 200, 300))
    (suspect,) = report.suspects
    assert suspect.evidence == [say(fact) for fact in suspect.evidence_facts]
    assert suspect.summary_fact is not None
    assert f"{suspect.summary}." == say(suspect.summary_fact)
    assert report.summary.startswith(f"It leaks: {suspect.summary}. It is allocated at ")
    data = json.loads(msgspec.json.encode(report))["suspects"][0]
    assert data["evidence_facts"][0] == {
        "kind": "entry-rate",
        "path": "app.cache",
        "entries": 200,
        "requests": 200,
        "entries_per_request": 1.0,
        "bytes_per_request": 1000.0,
    }
