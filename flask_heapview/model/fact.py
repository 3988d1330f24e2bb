"""What all facts share: see model/facts.py."""

from __future__ import annotations

import re

from .base import Model


def _kind(name: str) -> str:
    """EntriesGained -> entries-gained."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


class Fact(Model, frozen=True, tag_field="kind", tag=_kind):
    """One thing that was found."""


class OverRequests(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was found over so many requests."""

    # where nobody counts them: `requests` is 0 then, and rates are per second
    seconds: float | None = None
