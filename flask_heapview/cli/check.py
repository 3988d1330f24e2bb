"""`flask heapview check`: does this route leak on each request?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask.testing import FlaskClient

from ..errors import BadRequest, HeapViewError
from ..leakcheck.checker import ROUNDS, WARM_UP_SHARE, check, in_words
from ..leakcheck.example_paths import example_paths
from ..model.report import Report
from ..render import json as as_json
from .check_files import Wanted
from .http_client import ApiClient
from .terminal import note, say

FILE = click.Path(dir_okay=False, path_type=Path)
Fetch = Callable[[str, str, bytes | None], int]  # path, method, body -> status


class Route:
    """The requests that are made: the paths take turns, `{n}` becomes the number of the request."""

    def __init__(self, paths: Sequence[str], method: str, body: str | None, fetch: Fetch) -> None:
        self.paths, self.method, self.body, self.fetch = paths, method, body, fetch
        self.statuses: dict[int, int] = {}

    def call(self, number: int) -> None:
        path = self.paths[number % len(self.paths)].replace("{n}", str(number))
        body = None if self.body is None else self.body.replace("{n}", str(number)).encode()
        status = self.fetch(path, self.method, body)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def answers(self) -> str:
        """What the service answered, for the last line."""
        counts = sorted(self.statuses.items())
        return ", ".join(f"{count:,} times {status}" for status, count in counts)

    @property
    def failed(self) -> bool:
        """Whether most answers were errors: then something else was measured than was meant."""
        wrong = sum(count for status, count in self.statuses.items() if status >= 400)
        return wrong * 2 > sum(self.statuses.values())


def _through(client: FlaskClient) -> Fetch:
    def fetch(path: str, method: str, body: bytes | None) -> int:
        content = "application/json" if body is not None else None
        return client.open(path, method=method, data=body, content_type=content).status_code

    return fetch


def _remote(service: ApiClient, route: Route, requests: int) -> Report:
    """The same rounds against a running service."""
    numbers = itertools.count()
    taken: list[str] = []
    for share in (round(requests * WARM_UP_SHARE), *[requests // ROUNDS] * ROUNDS):
        for number in itertools.islice(numbers, share):
            route.call(number)
        taken.append(service.snapshot(f"check {len(taken)}"))
    return service.report(taken[0], taken[-1])


@click.command("check")
@click.argument("paths", nargs=-1)
@click.option("--all-routes", is_flag=True, help="Check every route that answers GET.")
@click.option(
    "--requests", default=500, show_default=True, help="How many requests to send in all."
)
@click.option("--method", default="GET", show_default=True)
@click.option("--body", help="JSON body to send. {n} becomes the request's number.")
@click.option("--url", help="Check a running service at http://host:port instead of this app.")
@click.option(
    "--prefix", default="/_debug/memory", show_default=True, help="Where flask-heapview is mounted."
)
@click.option("--token", envvar="HEAPVIEW_TOKEN", help="Token for --url. Default: HEAPVIEW_TOKEN.")
@click.option("--json", "raw", is_flag=True, help="Print the report as JSON.")
@click.option("--junit", type=FILE, help="Write the verdict as JUnit XML.")
@click.option("--sarif", type=FILE, help="Write the suspects as SARIF 2.1.0.")
@click.option("--github", is_flag=True, help="Print annotations for GitHub Actions.")
@click.option("--baseline", type=FILE, help="Only leaks that are not in this file fail.")
@click.option("--write-baseline", is_flag=True, help="Write the suspects into that file.")
@with_appcontext
def check_command(
    paths: tuple[str, ...],
    all_routes: bool,
    requests: int,
    method: str,
    body: str | None,
    url: str | None,
    prefix: str,
    token: str | None,
    raw: bool,
    **files: Any,
) -> None:
    """Does this route leak on each request? {n} in a path becomes the request's number.

    Several paths take turns. Ends with 0 when nothing leaks, 1 when something does, 3 when it
    cannot be told.
    """
    wanted = Wanted(**files)
    try:
        known = wanted.known()
        asked = _all_routes() if all_routes else paths
        if not asked:
            raise click.UsageError("Name a path, or --all-routes.")
        service = None if url is None else _service(url, prefix, token)
        fetch = _through(current_app.test_client()) if service is None else service.call
        route = Route(asked, method, body, fetch)
        report = (
            check(route.call, requests) if service is None else _remote(service, route, requests)
        )
        if route.failed:
            raise HeapViewError(
                f"Most answers were errors ({route.answers()}). No verdict was reached."
            )
        say(as_json.encode(report).decode() if raw else in_words(report))
        if not raw:
            say(f"{report.verdict}: {route.answers()}")
        code = wanted.leave(report, "every route" if all_routes else " ".join(asked), known)
    except HeapViewError as error:
        raise click.ClickException(error.detail) from None
    raise SystemExit(code)


def _all_routes() -> Sequence[str]:
    """Those of the app, without ours. Raises BadRequest where there are none."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    mounted = app.extensions.get("heapview")
    found, without = example_paths(app, [] if mounted is None else [mounted.blueprint])
    for rule in without:
        note(f"There is no example for {rule}. Name a path for it to check it, too.")
    if not found:
        raise BadRequest("The app has no route that answers GET and could be asked for.")
    return found


def _service(url: str, prefix: str, token: str | None) -> ApiClient:
    if not token:
        raise HeapViewError("The service needs a token. Pass --token, or set HEAPVIEW_TOKEN.")
    return ApiClient(url, prefix, token)
