"""The figures that the confidence rests on, as measured on the corpus: growth_figures.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from .growth_curves import Curve

TABLE = Path(__file__).with_name("growth_figures.toml")


class Scatter(msgspec.Struct, frozen=True, rename="kebab"):
    """Standard errors of a rate's logarithm, beside that of its count."""

    even: float  # of counts of objects
    lumpy: float  # of what allocators and hash tables take
    lumpy_share: float  # of these: the others come as evenly as objects do

    def of(self, lumpy: bool) -> list[tuple[float, float]]:
        """What they may be, each with its probability."""
        if not lumpy:
            return [(self.even, 1.0)]
        return [(self.even, 1 - self.lumpy_share), (self.lumpy, self.lumpy_share)]


class LeakShares(msgspec.Struct, frozen=True, rename="kebab"):
    """Which share of suspects with such a growth are leaks."""

    lasting_since_start: float  # several intervals, and what was there before fits the rate, too
    lasting: float
    lumpy: float
    one_since_start: float  # one interval alone
    one: float
    ending: float  # it levels off, or came at once


class Calibration(msgspec.Struct, frozen=True):
    """All of them."""

    scatter: Scatter
    priors: dict[Curve, float]  # of the figures that grow in every interval
    leaks: LeakShares


@cache
def calibration() -> Calibration:
    """As the file says."""
    return msgspec.convert(tomllib.loads(TABLE.read_text("utf-8")), Calibration)
