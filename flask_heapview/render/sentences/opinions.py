"""Where two engines differ, in words."""

from __future__ import annotations

import msgspec

from ...model.opinions import (
    DiffersFor,
    Opinions,
    PackagesImported,
    SizesHaveHeaders,
    TakenApart,
    TypesAgree,
)
from ...text import bytes_text, number_text
from .say import count_text, say

WHY = {
    "dictionaries": "Most instances keep their attributes without a dictionary. The portable "
    "engine makes it by looking, in its forked child alone, and counts it.",
    "untracked": "The collector does not track strings, numbers and the like. They are found "
    "by what refers to them, and each engine knows other places in C code that do.",
    "own": "While a capture runs, it has objects of its own. Each engine leaves out those that it "
    "knows.",
    "rest": "The child of the portable engine runs Python, with frames and locks of its own. Each "
    "engine also knows other parts of what types and the interpreter hold by themselves.",
}


def with_opinion_sentences(found: Opinions) -> Opinions:
    """The same with its `reasons`."""
    return msgspec.structs.replace(found, reasons=[say(fact) for fact in found.facts])


@say.register
def _(fact: TypesAgree) -> str:
    return (
        f"Both engines give as many objects of the same size for {number_text(fact.types)} "
        f"of {count_text(fact.of, 'type')}."
    )


@say.register
def _(fact: TakenApart) -> str:
    requests = (
        "an unknown number of requests"
        if fact.requests is None
        else count_text(fact.requests, "request")
    )
    return (
        f"The captures are {fact.seconds:,g} s and {requests} apart. "
        "What came or went in between is in one of them only."
    )


@say.register
def _(fact: PackagesImported) -> str:
    named = ", ".join(fact.packages)
    return (
        f"The portable engine's packages were imported between the captures: {named}. "
        "They count in the later one, and stay. The next second opinion has them in both."
    )


@say.register
def _(_: SizesHaveHeaders) -> str:
    return "A size is that of sys.getsizeof in both: shallow, with the collector's header."


@say.register
def _(fact: DiffersFor) -> str:
    objects, size = count_text(abs(fact.objects), "object"), bytes_text(abs(fact.bytes))
    said = "more" if (fact.objects or fact.bytes) >= 0 else "fewer"
    if fact.objects * fact.bytes < 0:
        size = f"{size} {'more' if fact.bytes > 0 else 'less'}"
    types = count_text(fact.types, "type")
    return f"The {fact.second} engine has {objects} {said} ({size}), of {types}. {WHY[fact.reason]}"
