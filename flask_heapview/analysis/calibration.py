"""The figures that the confidence rests on, as measured on the corpus: growth_figures.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from .growth_curves import Curve

TABLE = Path(__file__).with_name("growth_figures.toml")
# of growth: several intervals, and what was there before fits the rate, too; several; in lumps; one
# interval alone, so or so; it levels off, or came at once
Kind = Literal["lasting-since-start", "lasting", "lumpy", "one-since-start", "one", "ending"]

# What allocators and hash tables take comes when they double, so between two intervals the rates
# differ by a factor of 2 to 3: the standard error of their logarithm is about ln 2.2. The files in
# memory of other workers scatter as much. A quarter of such figures comes as evenly as objects do.
LUMPY_SCATTER = 0.8
LUMPY_SHARE = 0.75

# Before anything is measured: of three figures that grow in every interval, two go on. The corpus
# cannot tell it, since its services were made to leak.
PRIORS: dict[Curve, float] = {"level": 0.6, "rising": 0.1, "filling": 0.2, "at-once": 0.1}

# Most owners of a large heap come and go, by few entries, and seldom by many. The prior of it falls
# with what came: ten entries in two intervals may be that, a hundred hardly. In privacyidea and
# ihatemoney, weak registries came and went by 10 to 13 entries in 480 requests.
WANDERING = 150.0  # prior, over the number of entries


class Scatter(msgspec.Struct, frozen=True):
    """Standard error of a rate's logarithm, beside that of its count."""

    even: float  # of counts of objects

    def of(self, lumpy: bool) -> list[tuple[float, float]]:
        """What it may be, each with its probability."""
        if not lumpy:
            return [(self.even, 1.0)]
        return [(self.even, 1 - LUMPY_SHARE), (LUMPY_SCATTER, LUMPY_SHARE)]


def kind_of(intervals: int, since_start: bool, lumpy: bool) -> Kind:
    """Of growth that lasts, as far as is known."""
    if intervals == 1:
        return "one-since-start" if since_start else "one"
    if lumpy:
        return "lumpy"
    return "lasting-since-start" if since_start else "lasting"


class Calibration(msgspec.Struct, frozen=True):
    """All of them."""

    scatter: Scatter
    leaks: dict[Kind, float]  # shares of the suspects with such a growth that are leaks


@cache
def calibration() -> Calibration:
    """As the file says."""
    return msgspec.convert(tomllib.loads(TABLE.read_text("utf-8")), Calibration)
