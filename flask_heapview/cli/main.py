"""`flask heapview …` and `flask-heapview …`: the same commands, with and without an app."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from .._version import __version__
from ..views import VIEWS
from .attach import attach_command
from .capture import capture_command
from .check import check_command
from .export import export_command
from .live import trim_command, workers_command
from .open import open_command
from .place import ALONE, place_options
from .shared_names import allocations_command, gc_command, native_command
from .stored import (
    diff_command,
    forget_command,
    list_command,
    pin_command,
    report_command,
    view_command,
)
from .top import top_command
from .verify import verify_command
from .watch import watch_command

SHARED = {"allocations": allocations_command, "gc": gc_command, "native": native_command}
COMMANDS = (
    *(workers_command, top_command, capture_command, watch_command, trim_command),
    *(list_command, report_command, diff_command, export_command, pin_command, forget_command),
    *(open_command, check_command, verify_command, attach_command),
    *(SHARED.get(view.name, lambda made: made)(view_command(view)) for view in VIEWS),
)
heapview = AppGroup("heapview", help="The memory of this app.", params=place_options())


@click.group("flask-heapview", params=place_options())
@click.version_option(__version__, package_name="flask-heapview")
@click.pass_context
def program(context: click.Context) -> None:
    """The memory of a live Flask service: capture it, compare, and find what leaks.

    It finds a service of yours on this machine by itself. --dir names another one, and --url one
    that is elsewhere.
    """
    context.meta[ALONE] = True


for _command in COMMANDS:
    heapview.add_command(_command)
    program.add_command(_command)
