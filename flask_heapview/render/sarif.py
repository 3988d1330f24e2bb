"""The verdict as SARIF 2.1.0 (OASIS, 2020), for code scanning: a rule for each cause."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..model.report import AllocatedAt, Report, Suspect
from .ci_text import message_of, uri_of

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "flaskHeapview/v1"


def render(report: Report, known: Collection[str], root: Path, version: str) -> bytes:
    """The whole log. Suspects whose fingerprint is known are unchanged, the others new. Files below
    `root` are named from there. `version` is ours."""
    causes = sorted({suspect.cause for suspect in report.suspects})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "flask-heapview",
                        "semanticVersion": version,
                        "rules": [_rule(cause, report.suspects) for cause in causes],
                    }
                },
                "results": [_result(one, causes, known, root) for one in report.suspects],
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(log), indent=2)


def _rule(cause: str, suspects: Collection[Suspect]) -> dict[str, Any]:
    remedy = next(one.remedy for one in suspects if one.cause == cause)
    words = cause.replace("-", " ")
    return {
        "id": cause,
        "shortDescription": {"text": f"Memory leak: {words}."},
        "help": {"text": remedy or "See the message."},
    }


def _result(
    suspect: Suspect, causes: Sequence[str], known: Collection[str], root: Path
) -> dict[str, Any]:
    return {
        "ruleId": suspect.cause,
        "ruleIndex": causes.index(suspect.cause),
        "level": "error" if suspect.leaks else "note",
        "message": {"text": message_of(suspect)},
        "locations": [_location(site, root) for site in suspect.allocated_at[:1] if site.file],
        "partialFingerprints": {FINGERPRINT: suspect.fingerprint},
        "baselineState": "unchanged" if suspect.fingerprint in known else "new",
        "properties": {
            "confidence": suspect.confidence,
            "bytesPerRequest": suspect.growing.per_request.bytes,
        },
    }


def _location(site: AllocatedAt, root: Path) -> dict[str, Any]:
    """Where it is allocated: the innermost line of the app's own, where there is one."""
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri_of(site.file, root)},
            "region": {"startLine": max(1, site.line)},
        },
        "logicalLocations": [{"name": site.function, "kind": "function"}],
    }
