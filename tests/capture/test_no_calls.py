"""No capture calls a method of the application's objects: neither in the service nor in a child."""

from __future__ import annotations

import pytest

from ..helpers import why_not_portable
from ..run_isolated import alone

CODE = """
from tests.capture import counting

engine = select_engine(sys.argv[1])
runner = Runner(engine, 120)
taken(kind=sys.argv[2])  # imports and warms up
gc.disable()
counting.fill()
begun, ended = threading.Event(), threading.Event()
thread = counting.run_in_exec(begun, ended)
assert counting.called()  # making them counted
counting.forget()
snapshots = [taken(kind=sys.argv[2]) for _ in range(2)]
called = counting.called()
paths = [holder.path for holder in snapshots[1].ownership.holders]
hash(counting.KEPT[0][0])
say(called=called, counts=counting.called(), paths=paths, engine=snapshots[1].info.engine)
os._exit(0) if sys.stdout.flush() is None else None
"""


@pytest.mark.parametrize(
    ("engine", "kind"), [("native", "ownership"), ("native", "graph"), ("portable", "ownership")]
)
def test_no_method_is_called(engine: str, kind: str) -> None:
    if engine == "portable" and why_not_portable() is not None:
        pytest.skip(why_not_portable() or "")
    found = alone(CODE, engine, kind)
    assert found["engine"].startswith(engine)
    assert "__hash__" in found["counts"]  # the counter works
    assert found["called"] == []
    assert "tests.capture.counting.KEPT" in found["paths"]
