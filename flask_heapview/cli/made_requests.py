"""The requests that `check` and `verify` make: their options, and whom they ask."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec
from flask import current_app
from flask.cli import with_appcontext
from flask.testing import FlaskClient

from ..errors import BadRequest, HeapViewError
from ..leakcheck.example_paths import example_paths
from .http_client import ApiClient
from .terminal import note

Fetch = Callable[[str, str, bytes | None], int]  # path, method, body -> status
Function = TypeVar("Function", bound=Callable[..., Any])


def request_options(function: Function) -> Function:
    """What to ask for, and whom."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS = (
    click.argument("paths", nargs=-1),
    click.option("--all-routes", is_flag=True, help="Check every route that answers GET."),
    click.option(
        "--requests", default=500, show_default=True, help="How many requests to send in all."
    ),
    click.option("--method", default="GET", show_default=True),
    click.option("--body", help="JSON body to send. {n} becomes the request's number."),
    click.option("--url", help="Check a running service at http://host:port instead of this app."),
    click.option(
        "--prefix",
        default="/_debug/memory",
        show_default=True,
        help="Where flask-heapview is mounted.",
    ),
    click.option(
        "--token", envvar="HEAPVIEW_TOKEN", help="Token for --url. Default: HEAPVIEW_TOKEN."
    ),
)


def within_app(function: Function) -> Function:
    """In the app's context, which Flask finds; paths of a running service need none."""
    inside = with_appcontext(function)

    @functools.wraps(function)
    def run(**options: Any) -> Any:
        asks_app = options["url"] is None or options["all_routes"]
        return (inside if asks_app else function)(**options)

    return run  # type: ignore[return-value]


class Asked(msgspec.Struct, frozen=True):
    """The options, as they were given."""

    paths: tuple[str, ...]
    all_routes: bool
    requests: int
    method: str
    body: str | None
    url: str | None
    prefix: str
    token: str | None

    def service(self) -> ApiClient | None:
        """The running service; None where the app is asked itself. Raises HeapViewError."""
        if self.url is None:
            return None
        if not self.token:
            raise HeapViewError("The service needs a token. Pass --token, or set HEAPVIEW_TOKEN.")
        return ApiClient(self.url, self.prefix, self.token)

    def route(self, service: ApiClient | None) -> Route:
        """What is asked for. Raises click's error, BadRequest."""
        paths = _all_routes() if self.all_routes else self.paths
        if not paths:
            raise click.UsageError("Name a path, or --all-routes.")
        fetch = service.call if service is not None else _through(current_app.test_client())
        return Route(paths, self.method, self.body, fetch)

    @property
    def name(self) -> str:
        """What was asked for, for people."""
        return "every route" if self.all_routes else " ".join(self.paths)


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

    def require_good(self) -> None:
        """Raises HeapViewError where most answers were errors: something else was measured then."""
        wrong = sum(count for status, count in self.statuses.items() if status >= 400)
        if wrong * 2 > sum(self.statuses.values()):
            raise HeapViewError(
                f"Most answers were errors ({self.answers()}). No verdict was reached."
            )


def _through(client: FlaskClient) -> Fetch:
    def fetch(path: str, method: str, body: bytes | None) -> int:
        content = "application/json" if body is not None else None
        return client.open(path, method=method, data=body, content_type=content).status_code

    return fetch


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
