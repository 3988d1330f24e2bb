"""`flask heapview check`: does this route leak on each request?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from ..errors import HeapViewError
from ..leakcheck.checker import ROUNDS, check, in_words
from ..model.report import Report
from ..render import json as as_json
from .check_files import Wanted
from .http_client import ApiClient
from .made_requests import Asked, Route, request_options, within_app
from .terminal import say

FILE = click.Path(dir_okay=False, path_type=Path)


def _remote(service: ApiClient, route: Route, requests: int) -> Report:
    """The same rounds against a running service."""
    taken = service.rounds(route.call, requests, ROUNDS, "check")
    return service.report(taken[0], taken[-1])


@click.command("check")
@request_options
@click.option("--json", "raw", is_flag=True, help="Print the report as JSON.")
@click.option("--junit", type=FILE, help="Write the verdict as JUnit XML.")
@click.option("--sarif", type=FILE, help="Write the suspects as SARIF 2.1.0.")
@click.option("--github", is_flag=True, help="Print annotations for GitHub Actions.")
@click.option("--baseline", type=FILE, help="Only leaks that are not in this file fail.")
@click.option("--write-baseline", is_flag=True, help="Write the suspects into that file.")
@within_app
def check_command(raw: bool, **options: Any) -> None:
    """Does this route leak on each request? {n} in a path becomes the request's number.

    Several paths take turns. Ends with 0 when nothing leaks, 1 when something does, 3 when it
    cannot be told.
    """
    asked = msgspec.convert(options, Asked)
    wanted = msgspec.convert(options, Wanted)
    try:
        known = wanted.known()
        service = asked.service()
        route = asked.route(service)
        requests = asked.requests
        report = (
            check(route.call, requests) if service is None else _remote(service, route, requests)
        )
        route.require_good()
        say(as_json.encode(report).decode() if raw else in_words(report))
        if not raw:
            say(f"{report.verdict}: {route.answers()}")
        code = wanted.leave(report, asked.name, known)
    except HeapViewError as error:
        raise click.ClickException(error.detail) from None
    raise SystemExit(code)
