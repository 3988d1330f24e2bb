"""`flask heapview verify`: is a leak that a report has named gone?"""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from ..errors import HeapViewError
from ..leakcheck.checker import VERIFY_ROUNDS, verify
from ..model.base import from_json
from ..model.verification import Earlier, EarlierReport, Verification
from ..render import json as as_json
from ..reports.verification import verify_in_words
from .http_client import ApiClient
from .made_requests import Asked, Route, request_options, within_app
from .terminal import say

CODES = {"gone": 0, "still-there": 1, "inconclusive": 3}  # exit codes; 2 is click's own
FINGERPRINT = re.compile(r"[0-9a-f]{16}")
MAX_REPORT_BYTES = 64_000_000


@click.command("verify")
@click.argument("fingerprint")
@request_options
@click.option(
    "--report",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The JSON report that named the leak.",
)
@click.option("--json", "raw", is_flag=True, help="Print the answer as JSON.")
@within_app
def verify_command(fingerprint: str, file: Path | None, raw: bool, **options: Any) -> None:
    """Is the leak with that fingerprint gone? Makes requests as check does.

    Ends with 0 when it is gone, 1 when it is still there, 3 when it cannot be told.
    """
    if not FINGERPRINT.fullmatch(fingerprint):
        raise click.UsageError("A fingerprint has 16 hexadecimal digits. Reports have it.")
    before = None if file is None else _earlier(file, fingerprint)
    asked = msgspec.convert(options, Asked)
    try:
        service = asked.service()
        route = asked.route(service)
        if service is None:
            found = verify(route.call, asked.requests, fingerprint, before)
        else:
            found = _remote(service, route, asked.requests, fingerprint, before)
        route.require_good()
    except HeapViewError as error:
        raise click.ClickException(error.detail) from None
    say(as_json.encode(found).decode() if raw else _text(found, route))
    raise SystemExit(CODES[found.result])


def _text(found: Verification, route: Route) -> str:
    lines = [found.summary, *([found.advice] if found.advice else []), route.answers()]
    return "\n".join(lines)


def _remote(
    service: ApiClient, route: Route, requests: int, fingerprint: str, before: Earlier | None
) -> Verification:
    """The same rounds against a running service."""
    # a service that was asked before knows the old numbers: a leak may need new ones
    first = int(time.time() * 1000)
    taken = service.rounds(route.call, requests, VERIFY_ROUNDS, "verify", first)
    with tempfile.TemporaryDirectory(prefix="heapview-verify-") as directory:
        return verify_in_words(service.load(taken, Path(directory)), fingerprint, before)


def _earlier(file: Path, fingerprint: str) -> Earlier:
    """The suspect, as the report has it. Raises click's error."""
    try:
        with file.open("rb") as opened:
            report = from_json(opened.read(MAX_REPORT_BYTES), EarlierReport)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise click.UsageError(f"{file} cannot be read as a report: {error}.") from None
    found = report.suspect(fingerprint)
    if found is None:
        raise click.UsageError(f"{file} has no suspect with that fingerprint.")
    return found
