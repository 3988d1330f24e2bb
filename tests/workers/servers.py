"""The real servers, and a mark that runs a test on some of them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ..live_server import Server, Uwsgi

CLASSES = {"sync": (), "gthread": ("--threads", "4"), "gevent": ()}
SERVERS: dict[str, tuple[type[Server], tuple[str, ...]]] = {
    **{name: (Server, (name, *more)) for name, more in CLASSES.items()},
    **{
        f"{name}, preloaded": (Server, (name, *more, "--preload")) for name, more in CLASSES.items()
    },
    "uWSGI": (
        Uwsgi,
        ("", "--threads", "2", "--lazy-apps", "--touch-chain-reload", "app.py"),
    ),
    "uWSGI, preloaded": (Uwsgi, ("", "--enable-threads")),
}


def on(*names: str, slow: Iterable[str] = ()) -> pytest.MarkDecorator:
    """Runs a test on these servers, as `kind` and `options`. make test-all adds the slow ones."""
    late = tuple(slow)
    cases = [
        pytest.param(*SERVERS[name], id=name, marks=[pytest.mark.slow] if name in late else [])
        for name in (*names, *late)
    ]
    return pytest.mark.parametrize(("kind", "options"), cases)
