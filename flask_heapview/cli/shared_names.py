"""Three commands that are views and things to do: `allocations`, `native` and `gc`.

`allocations [SNAPSHOT]` shows the view, `allocations on` and `allocations off` switch the tracing.
`native` does the same with the sampling of native memory.
`gc [SNAPSHOT]` shows the view, `gc --worker N` and `gc --all` collect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from .live import collect, sample_native, trace
from .place import ServiceCommand
from .targets import worker_options

Values = Mapping[str, Any]


def _joined(
    view: click.Command,
    action: Callable[..., None],
    is_action: Callable[[Values], bool],
    words: str,
    epilog: str,
) -> click.Command:
    """One command of both. An option of the one that is not meant is a usage error."""
    shown = {p.name for p in view.params if p.expose_value}
    own = {p.name for p in getattr(action, "__click_params__", [])}

    def run(**given: Any) -> None:
        acts = is_action(given)
        allowed = own | {"snapshot"} if acts else shown
        strange = [name for name, value in given.items() if value and name not in allowed]
        if strange:
            raise click.UsageError(words)
        if acts:
            action(state=given["snapshot"], **{name: given[name] for name in own})
        else:
            assert view.callback is not None
            view.callback(**{name: given[name] for name in shown})

    params = [*(p for p in view.params if p.expose_value), *reversed(action.__click_params__)]  # type: ignore[attr-defined]
    return ServiceCommand(view.name, params=params, callback=run, help=f"{view.help}\n\n{epilog}")


@click.option("--exact", is_flag=True, help="Use tracemalloc: allocation is several times slower.")
@click.option("--frames", type=click.IntRange(min=1), help="Frames kept of each traceback.")
@worker_options
def _trace(**given: Any) -> None:
    trace(**given)


@worker_options
def _sample_native(**given: Any) -> None:
    sample_native(**given)


@worker_options
def _collect(state: str | None, **given: Any) -> None:  # noqa: ARG001
    collect(**given)


def _switches(given: Values) -> bool:
    return given["snapshot"] in ("on", "off")


def allocations_command(view: click.Command) -> click.Command:
    """`allocations`, with `on` and `off`."""
    return _joined(
        view,
        _trace,
        _switches,
        "--exact, --frames, --worker and --all are for `allocations on` and `allocations off`. "
        "--base, --search and --json are for a snapshot.",
        "`allocations on` and `allocations off` switch the tracing of a worker.",
    )


def native_command(view: click.Command) -> click.Command:
    """`native`, with `on` and `off`."""
    return _joined(
        view,
        _sample_native,
        _switches,
        "--worker and --all are for `native on` and `native off`. "
        "--base, --search and --json are for a snapshot.",
        "`native on` and `native off` switch the sampling of native memory in a worker.",
    )


def gc_command(view: click.Command) -> click.Command:
    """`gc`, with --worker and --all."""
    return _joined(
        view,
        _collect,
        lambda given: bool(given["worker"] or given["every"]),
        "--worker and --all collect garbage now. They go with no other option.",
        "With --worker or --all it runs a full collection, and shows what was freed by type. "
        "That pauses the service and destroys the evidence of cycles: capture first.",
    )
