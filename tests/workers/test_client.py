"""One call over a socket: what is no answer, what comes late, and what goes into a file."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_heapview.errors import Unreachable
from flask_heapview.workers.base import Call
from flask_heapview.workers.client import Exchange

from ..helpers import wait_until

CALL = Call("GET", "/api/v1/worker")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
Begin = Callable[[bytes, float], Exchange]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Sends a call to a socket that answers with those bytes, and hangs up."""
    made: list[threading.Thread] = []

    def do(data: bytes, seconds: float) -> Exchange:
        path = tmp_path / f"{len(made)}.sock"
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            peer, _ = listening.accept()
            with peer, listening:
                peer.recv(1000)
                peer.sendall(data)

        made.append(threading.Thread(target=answer))
        made[-1].start()
        return Exchange(path, CALL, seconds)

    yield do
    for thread in made:
        thread.join(10)


@pytest.mark.parametrize(
    "data",
    [b"", b"HTTP/1.1", b"\r\n\r\n", b"HTTP/1.1 x\r\n\r\n", HEAD + b"abcd", HEAD + b"abcdef"],
    ids=["nothing", "a word", "no line", "no status", "cut short", "too much"],
)
def test_what_is_no_answer(data: bytes, begin: Begin) -> None:
    with pytest.raises(Unreachable, match="ended before it had answered"):
        begin(data, 10).receive()


def test_an_answer_that_is_there_counts_after_its_time(begin: Begin) -> None:
    """Whoever asks several at once may have waited for another one until then."""
    seconds = 0.5
    until = time.monotonic() + seconds
    exchange = begin(HEAD + b"abcde", seconds)
    wait_until(lambda: time.monotonic() > until, 10)
    assert exchange.receive().body == b"abcde"


def test_a_body_goes_into_the_file(begin: Begin) -> None:
    file = io.BytesIO()
    answer = begin(HEAD + b"abcde", 10).save(file)
    assert (answer.status, answer.body, file.getvalue()) == (200, b"", b"abcde")
    file = io.BytesIO()
    refused = begin(b"HTTP/1.1 404 NOT FOUND\r\nContent-Length: 2\r\n\r\nno", 10).save(file)
    assert (refused.status, refused.body, file.getvalue()) == (404, b"no", b"")
