"""Whether a leak is gone, in words."""

from __future__ import annotations

import msgspec

from ...model.verification import Other, Verification
from ...text import bytes_text
from .say import count_text

RESULTS = {"gone": "gone", "still-there": "still there", "inconclusive": "inconclusive"}
DOUBTS = {
    "few-requests": "That is too few to tell.",
    "may-level-off": "It grows, but it may level off: a cache fills, and then stops.",
    "imprecise": "The error leaves room for the leak.",
}
_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0))


def rate_text(rate: float, margin: float | None) -> str:
    """9.2 ± 0.2 kB; both in the unit of the larger one."""
    largest = max(abs(rate), margin or 0.0)
    unit, size = next(((u, s) for u, s in _UNITS if largest >= s), _UNITS[-1])
    figures = [_figure(rate / size)] + ([] if margin is None else [_figure(margin / size)])
    return f"{' ± '.join(figures)} {unit}"


def _figure(value: float) -> str:
    """9.2, 120, 0; never -0."""
    said = f"{value:,.1f}".removesuffix(".0")
    return "0" if said == "-0" else said.replace("-", "−")


def with_words(found: Verification) -> Verification:
    """The answer with its sentences: `summary` and `advice`."""
    return msgspec.structs.replace(found, summary=_summary(found), advice=_advice(found))


def _summary(found: Verification) -> str:
    """gone: 0 ± 0.1 kB a request over 4,000 requests, at app.cache."""
    rate = rate_text(found.bytes_per_request, found.margin_bytes)
    where = " of all live objects" if found.whole else f", at {found.path}" if found.path else ""
    over = count_text(found.requests, "request")
    said = f"{RESULTS[found.result]}: {rate} a request over {over}{where}"
    if found.before is None:
        return f"{said}."
    return f"{said}. It was {bytes_text(found.before)} a request."


def _advice(found: Verification) -> str:
    said = []
    if found.doubt == "not-asked":
        said.append(f"No request went to {found.endpoint}, where the leak was: name its path.")
    elif found.doubt is not None:
        said += [DOUBTS[found.doubt], _more(found.more_requests)]
    if found.result == "still-there":
        said.append("flask heapview check shows the evidence, and what to do.")
    elif found.cause is None:
        said.append(
            "Nothing in this process has that fingerprint. "
            "Compare it with the report, or name the report's file: --report FILE."
        )
    if found.others:
        said.append(_others(found.others))
    return " ".join(said)


def _more(requests: int) -> str:
    return f"Make more: --requests {requests}."


def _others(others: list[Other]) -> str:
    named = ", ".join(f"{one.cause} at {one.path}" if one.path else one.cause for one in others)
    noun = "Another leak was" if len(others) == 1 else "Other leaks were"
    return f"{noun} found: {named}."
