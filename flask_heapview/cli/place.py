"""Which service a command is about: by its address, its directory, the app, or as the only one.

The options stand on the group and on each command; what is named nearer to the command counts.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import click
from flask.cli import NoAppException, ScriptInfo

from ..errors import HeapViewError, StoreError
from ..store.directory import require_private
from .http_link import HttpLink
from .service_api import ServiceApi
from .service_link import SocketLink
from .terminal import cell, refusal

GIVEN = "flask_heapview.place"  # its place in the context's meta: the options that were given
ALONE = "flask_heapview.alone"  # whether it is flask-heapview, which looks for no app
MAX_TOKEN_BYTES = 4096
HELP = "The service's directory. Default: the app's own, HEAPVIEW_DIR, or the one in use here."
NO_APP = "Could not locate a Flask application"  # flask.cli.ScriptInfo.load_app
NOT_OURS = "Snapshots are read by the user that the service runs as, and by nobody else."
NO_SERVICE = (
    "No live service was found. Name its directory by --dir or HEAPVIEW_DIR, or its address by "
    "--url or HEAPVIEW_URL."
)


def _note(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None and parameter.name is not None:
        context.meta.setdefault(GIVEN, {})[parameter.name] = value


def directory_option(words: str = HELP) -> click.Option:
    """--dir."""
    return click.Option(
        ["--dir", "directory"],
        type=click.Path(file_okay=False, path_type=Path),
        expose_value=False,
        callback=_note,
        help=words,
    )


def place_options() -> list[click.Parameter]:
    """All of them."""
    return [
        directory_option(),
        click.Option(
            ["--url"],
            expose_value=False,
            callback=_note,
            help="The page's address, such as https://shop.example/_debug/memory. "
            "Default: HEAPVIEW_URL.",
        ),
        click.Option(
            ["--token"],
            expose_value=False,
            callback=_note,
            help="The token for --url. It shows in the process list: HEAPVIEW_TOKEN and "
            "--token-file do not.",
        ),
        click.Option(
            ["--token-file"],
            type=click.Path(dir_okay=False, path_type=Path),
            expose_value=False,
            callback=_note,
            help="A file with the token for --url.",
        ),
    ]


def _given(name: str) -> Any:
    return click.get_current_context().meta.get(GIVEN, {}).get(name)


# --- by its address


def _link_by_url() -> HttpLink | None:
    """Raises HeapViewError, or click's error for options that contradict one another."""
    named, directory = _given("url"), _given("directory")
    if named and directory:
        raise click.UsageError("Use either --url or --dir.")
    url = named or (None if directory else os.environ.get("HEAPVIEW_URL"))
    if url:
        return HttpLink(url, _token())
    if _given("token") or _given("token_file"):
        raise click.UsageError("A token is for --url: name the page's address, too.")
    return None


def _token() -> str:
    path: Path | None = _given("token_file")
    if _given("token") and path:
        raise click.UsageError("Use either --token or --token-file.")
    if path is not None:
        try:
            with path.open("rb") as file:
                return file.read(MAX_TOKEN_BYTES).decode(errors="replace").strip()
        except OSError as error:
            raise HeapViewError(f"{path} cannot be read: {error.strerror}.") from None
    token = _given("token") or os.environ.get("HEAPVIEW_TOKEN", "")
    if not token:
        raise HeapViewError(
            "The service needs a token. Set HEAPVIEW_TOKEN, or pass --token-file or --token."
        )
    return str(token).strip()


# --- by its directory


def given_directory() -> Path | None:
    """The one of --dir."""
    directory: Path | None = _given("directory")
    return directory


def named_directory() -> Path | None:
    """The one of --dir, of the app, or of HEAPVIEW_DIR."""
    directory = given_directory()
    if directory is not None:
        return directory
    app = None if click.get_current_context().meta.get(ALONE) else _of_the_app()
    if app is not None:
        return app
    named = os.environ.get("HEAPVIEW_DIR")
    return Path(named) if named else None


def _of_the_app() -> Path | None:
    try:
        app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    except NoAppException as error:
        if NO_APP not in error.message:  # there is one, and it is broken
            raise
        return None
    service = app.extensions.get("heapview")
    return None if service is None else Path(service.store.directory)


def _in_use() -> Path | None:
    """This user's one default directory with live workers. Raises HeapViewError for several."""
    user = f"flask-heapview-{os.getuid()}-"
    places = (tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("HOME"))
    found: list[Path] = []
    for place in dict.fromkeys(filter(None, places)):
        try:
            names = sorted(os.listdir(place))
        except OSError:
            continue
        found += [Path(place) / name for name in names if name.startswith(user)]
    live = [path for path in found if _is_private(path) and SocketLink(path).lives()]
    if len(live) > 1:
        raise HeapViewError(
            "Several services run here. Name the directory of one by --dir: "
            + ", ".join(map(str, live))
        )
    return live[0] if live else None


def _is_private(path: Path) -> bool:
    try:
        require_private(path)
    except StoreError:
        return False
    return True


def _link_by_directory(directory: Path) -> SocketLink | None:
    """None where no worker lives. Root reaches the service of another user. Raises StoreError."""
    if not os.path.lexists(directory):
        return None
    require_private(directory, of_anybody=os.geteuid() == 0)
    link = SocketLink(directory)
    return link if link.lives() else None


# --- either


def find_service() -> ServiceApi | None:
    """The service; None where none is named and none lives here. Raises HeapViewError."""
    link: Any = _link_by_url()
    if link is None:
        directory = named_directory() or _in_use()
        link = None if directory is None else _link_by_directory(directory)
    return None if link is None else ServiceApi(link)


def require_service() -> ServiceApi:
    """The service. Raises HeapViewError where there is none."""
    found = find_service()
    if found is not None:
        return found
    directory = named_directory()
    if directory is None:
        raise HeapViewError(NO_SERVICE)
    raise HeapViewError(f"No worker of a service is alive in {cell(str(directory))}.")


class ServiceCommand(click.Command):
    """A command with the options above; what the service refuses ends it with 1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += place_options()

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HeapViewError as error:
            raise refusal(error) from None
