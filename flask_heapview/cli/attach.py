"""`flask heapview attach PID`: a snapshot of a live process that never mounted us."""

from __future__ import annotations

from pathlib import Path

import click

from ..attach.attacher import Attached, Attacher
from ..errors import HeapViewError
from ..store.snapshots import Store
from ..text import bytes_text, ms_text
from .place import directory_option, given_directory
from .stores import own_directory
from .terminal import say

MAX_START_SECONDS = 30.0
MAX_NAMED_MODULES = 6


@click.command("attach")
@click.argument("pid", type=click.IntRange(min=1))
@click.option("--label", default="", help="A name for the snapshot.")
@click.option(
    "--timeout",
    default=MAX_START_SECONDS,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds that the process has to begin.",
)
@click.option(
    "--wake", is_flag=True, help="Wake an idle process by SIGUSR1. gunicorn reopens its logs at it."
)
def attach_command(pid: int, label: str, timeout: float, wake: bool) -> None:
    """Take a snapshot of a live process, which need not have mounted flask-heapview.

    It needs Python 3.14, and a process of the same user and the same version.
    """
    store = Store(given_directory() or own_directory())
    try:
        attached = Attacher(pid, store, say, label).take(timeout, wake)
    except HeapViewError as error:
        raise click.ClickException(error.detail) from None
    for line in in_words(attached, store):
        say(line)


attach_command.params.append(
    directory_option("The store to write into. Default: HEAPVIEW_DIR, or one for each user.")
)


def in_words(attached: Attached, store: Store) -> list[str]:
    """What was taken, what the process keeps of it, and what to do next."""
    info = attached.info
    lines = [
        f"Snapshot {info.id} of process {info.pid}: {bytes_text(info.size)} in "
        f"{attached.seconds:.1f} s. The process paused for {ms_text(info.pause_ms)}."
    ]
    if attached.loaded:
        lines.append("The process has loaded flask-heapview itself. Its page can capture, too.")
    lines += [_counted(attached), _left(attached)]
    if attached.lent:
        lines.append(
            f"The process does not have {_and(attached.lent)}: this command's own were used."
        )
    lines.append(
        f"Send it traffic, attach again, and compare: flask heapview --dir {store.directory} report"
    )
    return lines


def _counted(attached: Attached) -> str:
    requests = attached.info.requests
    if requests.counted_by == "server":
        return f"Its server has counted {requests.total:,} requests. Endpoints are not known."
    return "Nobody counts its requests. Growth is judged by time."


def _left(attached: Attached) -> str:
    """What a process cannot give back: an imported C library stays mapped."""
    if not attached.stays:
        return "Nothing new stays in the process."
    named = [name for name in attached.stays if "." not in name and not name.startswith("_")]
    more = " and others" if len(named) > MAX_NAMED_MODULES else ""
    return (
        f"{len(attached.stays)} modules stay imported in the process "
        f"({', '.join(named[:MAX_NAMED_MODULES])}{more}), with their libraries{_open(attached)}. "
        "All else is gone."
    )


def _open(attached: Attached) -> str:
    """libffi keeps its own file open, from the import of ctypes on."""
    if not attached.open:
        return ""
    names = [Path(place).name for place in attached.open]
    return f" and {len(names)} open descriptor ({_and(names)})"


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
