"""What a descriptor is."""

from __future__ import annotations

import pytest

from flask_heapview.process.resources import kind_of


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("socket:[1]", "socket"),
        ("pipe:[1]", "pipe"),
        ("anon_inode:[eventpoll]", "kernel object"),
        ("/dev/shm/x", "shared memory"),
        ("/tmp/x (deleted)", "deleted file"),
        ("/dev/null", "device"),
        ("/tmp/x", "temp file"),
        ("/tmpfoo/x", "file"),
    ],
)
def test_descriptors_have_kinds(link: str, kind: str) -> None:
    assert kind_of(link, "/tmp") == kind
