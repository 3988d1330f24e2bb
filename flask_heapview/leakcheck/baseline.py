"""The leaks that are known already: a file beside the code, so that only new ones fail."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..errors import BadRequest
from ..model.base import Model, from_json, to_json
from ..model.report import Report

SCHEMA = "flask-heapview/baseline/1"


class KnownLeak(Model, frozen=True):
    """One suspect that was accepted."""

    fingerprint: str
    cause: str
    path: str | None = None  # of its holder, for whoever reads the file


class Baseline(Model, frozen=True):
    """The file."""

    schema: str = SCHEMA
    leaks: list[KnownLeak] = []


def read(file: Path) -> frozenset[str]:
    """The fingerprints in it. Raises BadRequest where it cannot be read, or is none."""
    try:
        found = from_json(file.read_bytes(), Baseline)
    except FileNotFoundError:
        raise BadRequest(
            f"There is no baseline {file}. Make it with --write-baseline, and commit it."
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise BadRequest(f"{file} cannot be read as a baseline: {error}.") from None
    if found.schema != SCHEMA:
        raise BadRequest(f"{file} has the schema {found.schema[:80]!r}, not {SCHEMA}.")
    return frozenset(leak.fingerprint for leak in found.leaks)


def text_of(report: Report) -> bytes:
    """A baseline in which all suspects of a report are known, in an order that does not change."""
    leaks = [
        KnownLeak(
            fingerprint=one.fingerprint,
            cause=one.cause,
            path=one.holder.path if one.holder is not None else None,
        )
        for one in report.suspects
    ]
    leaks.sort(key=lambda leak: leak.fingerprint)
    return msgspec.json.format(to_json(Baseline(leaks=leaks)), indent=2) + b"\n"
