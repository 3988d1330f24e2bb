"""Fits what the verdict's confidence rests on to the services of the corpus, and writes it down.

The snapshots of a run (`python -m tests.corpus --keep DIR`) are judged again here. The scatter of
rates is that which makes the figures of the leaks most probable. A share of leaks is
(right + 1/2) / (all + 1), Jeffreys' estimate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from flask_heapview.analysis.calibration import PRIORS, TABLE, Kind, calibration, kind_of
from flask_heapview.analysis.growth_curves import CURVES, Rate, likelihoods
from flask_heapview.analysis.judge import Judge, findings, judge
from flask_heapview.analysis.series import Growth, lasting
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.store.snapshots import DONE, Store

from .judge import Case, cases

DOCS = Path(__file__).parents[2] / "docs" / "verdict.md"
BEGIN, END = "<!-- reliability -->", "<!-- end of reliability -->"
BANDS = ((0.9, 1.0), (0.7, 0.9), (0.5, 0.7), (0.3, 0.5), (0.0, 0.3))
# errors of a rate's logarithm that are tried: real traffic is less even than that of the corpus
SCATTERS = [0.1 * 1.1**n for n in range(14)]
UNDOUBTED = 0.85  # of the growth's confidence, from which nothing else speaks against a suspect

Rates = tuple[Rate, ...]
HEAD = (
    "# What the verdict's confidence rests on. `python -m tests.corpus calibrate` measures these",
    "# figures on the services of the corpus and writes this file: do not edit it.",
)
SAID = {
    "scatter": "standard error of a rate's logarithm, beside that of its count",
    "leaks": "shares of suspects that are leaks, against which nothing else speaks",
    "lasting-since-start": "  # several intervals, and what was there before fits the rate, too",
    "one": "  # interval alone",
    "ending": "  # it levels off, or came at once",
}


@dataclass(frozen=True)
class Row:
    """A suspect, and whether it is the leak that is in the service."""

    growth: Growth
    confidence: float
    right: bool


def rows_of(case: Case, snapshots: Sequence[Snapshot]) -> Iterator[Row]:
    """The suspects. What else grows in a service that leaks may grow because of the leak: of that
    the truth says nothing."""
    for found in findings(Judge(snapshots)):
        if found.growth.rates:
            right = case.is_leak(found.cause, found.path)
            if right or not case.leaks:
                yield Row(found.growth, found.confidence, right)


def kept(place: Path) -> Iterator[tuple[Case, list[Snapshot]]]:
    """The services whose snapshots are in that directory."""
    for case in cases():
        files = sorted((place / case.name).glob(f"*{DONE}"))
        if files:
            store = Store(place / case.name)
            yield case, [store.load(file.name.removesuffix(DONE)) for file in files]


def fit_scatter(series: Sequence[Rates]) -> float:
    """That with which the figures of all leaks are most probable."""

    def probable(error: float) -> float:
        found = (likelihoods(rates, [(error, 1.0)]) for rates in series)
        return sum(math.log(sum(PRIORS[curve] * one[curve] for curve in CURVES)) for one in found)

    return max(SCATTERS, key=probable)


def leak_shares(rows: Iterable[Row]) -> dict[Kind, tuple[int, int]]:
    """How many suspects with each kind of growth there are, and how many of them are leaks. Only
    those count against which nothing else speaks."""
    found: dict[Kind, tuple[int, int]] = dict.fromkeys(get_args(Kind), (0, 0))
    for row in rows:
        if row.confidence >= UNDOUBTED * row.growth.confidence:
            count, right = found[_kind(row.growth)]
            found[_kind(row.growth)] = count + 1, right + row.right
    return found


def _kind(growth: Growth) -> Kind:
    if growth.intervals > 1 and not growth.steady:
        return "ending"
    return kind_of(growth.intervals, growth.since_start, growth.lumpy)


def calibrate(place: Path) -> None:
    """Writes the figures, and the table of how far they can be relied on."""
    services = list(kept(place))
    rows = [row for case, snapshots in services for row in rows_of(case, snapshots)]
    even = [row.growth for row in rows if row.right and not row.growth.lumpy]
    figures = {"scatter": {"even": fit_scatter([growth.rates for growth in even])}}
    write({**figures, "leaks": calibration().leaks})
    # which kind a growth is follows from the scatter
    alone = [(case, [shots[0], shots[-1]]) for case, shots in services]
    rows = [row for case, shots in [*services, *alone] for row in rows_of(case, shots)]
    found = leak_shares(rows)
    for kind, (count, right) in found.items():
        print(f"{kind:22} {count:5} suspects, {right:4} leaks")
    leaks = {kind: (right + 0.5) / (count + 1) for kind, (count, right) in found.items()}
    write({**figures, "leaks": leaks})
    rely(services)


def write(figures: Mapping[str, Mapping[Any, float]]) -> None:
    """The file of figures. What was read before is forgotten."""
    lines = [*HEAD]
    for name, table in figures.items():
        lines += ["", f"[{name}]  # {SAID[name]}"]
        lines += [f"{key} = {value:.3g}" + SAID.get(key, "") for key, value in table.items()]
    TABLE.write_text("\n".join([*lines, ""]), "utf-8")
    calibration.cache_clear()
    lasting.cache_clear()


def rely(services: Iterable[tuple[Case, list[Snapshot]]]) -> None:
    """Writes the table of reliability into the docs: of the suspects with so much confidence, the
    share that is right."""
    said: dict[tuple[float, float], list[bool]] = {band: [] for band in BANDS}
    for case, snapshots in services:
        for suspect in judge(snapshots).suspects:
            path = suspect.holder.path if suspect.holder else None
            right = case.is_leak(suspect.cause, path)
            band = next(b for b in BANDS if b[0] <= suspect.confidence)
            if right or not case.leaks or suspect.rank == 1:
                said[band].append(right)
                if not right and suspect.leaks:
                    print(f"wrong: {case.name}: {suspect.cause} {suspect.confidence} at {path}")
    table = ["| confidence | suspects | right |", "| --- | ---: | ---: |"]
    for (low, high), rights in said.items():
        share = f"{100 * sum(rights) / len(rights):.0f} %" if rights else ""
        table.append(f"| {low} to {high} | {len(rights)} | {share} |")
    print("\n".join(table))
    text = DOCS.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    DOCS.write_text("\n".join([before + BEGIN, "", *table, "", END + after]), "utf-8")
