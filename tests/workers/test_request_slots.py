"""What is known of a server's request slots. Real servers: tests/e2e/test_live.py."""

from __future__ import annotations

import socket
import sys
import types

import pytest

from flask_heapview.workers.request_slots import client_has_gone, request_slots

WERKZEUG = {"wsgi.multithread": True, "SERVER_SOFTWARE": "Werkzeug/3.1", "werkzeug.socket": None}


@pytest.mark.parametrize(
    ("environ", "many"),
    [
        ({}, False),
        ({"wsgi.multithread": False}, False),
        ({"wsgi.multithread": True}, False),  # it does not say how many threads there are
        ({"wsgi.multithread": True, "SERVER_SOFTWARE": "another/1"}, False),
        ({**WERKZEUG, "wsgi.multithread": False}, False),
        (WERKZEUG, True),
    ],
)
def test_only_known_servers_have_several(environ: dict[str, object], many: bool) -> None:
    assert (request_slots(environ) > 1) == many


@pytest.mark.parametrize(
    ("options", "slots"),
    [({}, 1), ({"threads": b"4"}, 4), ({b"threads": b"8"}, 8), ({"threads": True}, 1)],
)
def test_uwsgi_says_it_in_its_options(
    options: dict[object, object], slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = types.SimpleNamespace(opt=options)
    monkeypatch.setitem(sys.modules, "uwsgi", made)  # type: ignore[arg-type]
    assert request_slots({"wsgi.multithread": True}) == slots


def test_a_client_that_hangs_up_is_seen_before_it_is_written_to() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environ = {"gunicorn.socket": ours}
        assert not client_has_gone(environ)
        theirs.sendall(b"the next request")
        assert not client_has_gone(environ)
        theirs.close()
        assert client_has_gone(environ)
    assert client_has_gone(environ)  # ours is closed, too
    assert not client_has_gone({})
