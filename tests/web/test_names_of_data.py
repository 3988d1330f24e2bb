"""Names that are made of data are shown nowhere: in no view, difference, report, page or file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from flask_heapview import HeapView
from flask_heapview.process.collector import PAUSES
from flask_heapview.views import VIEWS

from ..helpers import BEARER, PREFIX, TOKEN, answered_here, needs_portable
from ..run_isolated import alone
from . import named_by_data
from .other_worker import as_own, copy_for_another_worker, service_of

MODULE = named_by_data.__name__
SNAPSHOTS = """
from tests.helpers import capture
from tests.web import named_by_data
from tests.web.contract_shop import make_shop, say_ids

place, engine, kind = sys.argv[1:]
client = make_shop(place, engine=engine).test_client()
gc.disable()
ids = [capture(client, kind=kind)["id"]]
for part in ("namespaces", "classes", "cycles", "exec", "modules"):
    getattr(named_by_data, f"in_{part}")()
ids.append(capture(client, kind=kind)["id"])
named_by_data.clear()
say_ids(ids)
"""


@pytest.fixture(
    scope="module",
    params=["native", pytest.param("portable", marks=[needs_portable, pytest.mark.slow])],
)
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """With two snapshots taken; all that is named by data comes in between."""
    place = tmp_path_factory.mktemp("names") / "heapview"
    app = Flask("shop")
    HeapView(app, engine=request.param, token=TOKEN, dir=str(place))
    service = service_of(app)
    kind = "graph" if "graph" in service.inspector.runner.engine.kinds else "ownership"
    # of a small process: on a test runner's heap each answer takes ten times as long
    ids = alone(SNAPSHOTS, str(place), request.param, kind)
    as_own(service, ids)
    ids.append(copy_for_another_worker(service.store, ids[1]))
    with answered_here():
        yield app, ids
    PAUSES.remove()


def addresses(app: Flask, ids: list[str]) -> Iterator[str]:
    """Each address of ours that only reads, of both snapshots."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(PREFIX) or "GET" not in (rule.methods or ()):
            continue
        known = {"base": ids[0], "target": ids[1], "all": "1"}
        if "/across" in rule.rule:
            known["target"] = ids[2]
        given = {name: ids[1] if "id" in name else "x" for name in rule.arguments}
        path = adapter.build(rule.endpoint, {**known, **given})
        yield path
        if path.partition("?")[0].endswith("/report"):
            yield f"{path}&format=markdown"
    for more in ("report?worker=all", "report?worker=all&format=markdown"):
        yield f"{PREFIX}/api/v1/{more}"
    for view in VIEWS:
        yield f"{PREFIX}/api/v1/across?base={ids[0]}&target={ids[2]}&view={view.name}"


def test_no_answer_has_a_name_of_data(app: tuple[Flask, list[str]]) -> None:
    shop, ids = app
    client, answered = shop.test_client(), set()
    for address in addresses(shop, ids):
        answer = client.get(address, headers=BEARER)
        assert named_by_data.MARK not in answer.text, address
        if answer.status_code == 200:
            answered.add(address.partition("?")[0].rpartition("/")[2])
    expected = {"ownership", "heap", "caches", "cycles", "report", "diff", "service", "across"}
    assert expected <= answered


def test_no_file_has_a_name_of_data(app: tuple[Flask, list[str]]) -> None:
    shop, ids = app
    store = service_of(shop).store
    for number in ids:
        for file in store.directory.glob(f"{number}.*"):
            assert named_by_data.MARK.encode() not in file.read_bytes(), file.name


def test_what_code_names_is_named(app: tuple[Flask, list[str]]) -> None:
    shop, ids = app
    ownership = service_of(shop).store.load(ids[1]).ownership
    holders = {holder.path: holder for holder in ownership.holders}
    assert holders[f"{MODULE}.HELD"].entries >= 12
    assert f"{MODULE}.HELD[item].honest" in holders
    unnamed = [h for h in ownership.holders if h.path == MODULE and h.entries == 13 * 60]
    assert unnamed, "what globals() was given merged into one line"
