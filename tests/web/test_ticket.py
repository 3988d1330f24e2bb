"""The page of a ticket and its files: of two snapshots, of all workers, of a downloaded report."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_heapview import HeapView
from flask_heapview.model.base import from_json
from flask_heapview.model.report import Report
from flask_heapview.web.offline import offline_app

from ..helpers import API, BEARER, PREFIX, TOKEN, answered_here, capture


@pytest.fixture(scope="module", autouse=True)
def in_this_process() -> Iterator[None]:
    with answered_here():
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ticket") / "heapview"


@pytest.fixture(scope="module")
def client(place: Path) -> Any:
    app, kept = Flask("shop"), {}

    @app.get("/keep/<int:number>")
    def keep(number: int) -> str:
        kept[number] = [number] * 50
        return "kept"

    HeapView(app, token=TOKEN, dir=str(place))
    return app.test_client()


@pytest.fixture(scope="module")
def pair(client: Any) -> dict[str, str]:
    """Two snapshots, with requests that keep something between them."""
    base = capture(client)["id"]
    for number in range(60):
        client.get(f"/keep/{number}")
    return {"base": base, "target": capture(client)["id"]}


def get(client: Any, path: str, status: int = 200, **query: Any) -> Any:
    answer = client.get(path, headers=BEARER, query_string=query or None)
    assert answer.status_code == status, answer.text
    return answer


def test_one_button_leads_to_the_ticket(client: Any, pair: dict[str, str]) -> None:
    page = get(client, f"{PREFIX}/report", **pair).text
    (address,) = re.findall(r'href="([^"]*)">Make a ticket', page)
    preview = get(client, html.unescape(address)).text
    shown = re.search(r"<textarea[^>]*readonly[^>]*>\n(.*?)</textarea>", preview, re.DOTALL)
    assert shown
    text = html.unescape(shown[1])
    assert text.startswith("# ")
    assert "Fingerprint: `" in text
    files = [html.unescape(one) for one in re.findall(r'href="([^"]*)" download', preview)]
    assert len(files) == 2
    as_text, as_json = (get(client, address) for address in files)
    assert as_text.text == text
    report = from_json(as_json.data, Report)
    assert report.suspects[0].fingerprint in text
    assert {"python", "Flask", "flask-heapview"} <= set(report.versions)
    names = [
        answer.headers["Content-Disposition"].partition("filename=")[2]
        for answer in (as_text, as_json)
    ]
    assert names == [f'"heapview-{pair["target"]}{end}"' for end in ("-github.md", ".json")]
    schema = get(client, f"{API}/schema/report").json
    assert schema["anyOf"][0] == {"$ref": "#/$defs/Report"}
    assert f"{API}/schema/report" in preview


def test_each_markup_has_its_address(client: Any, pair: dict[str, str]) -> None:
    page = get(client, f"{PREFIX}/report/ticket", **pair).text
    addresses = re.findall(r'href="([^"]*flavor=jira[^"]*)"', page)
    jira = get(client, html.unescape(addresses[0])).text
    assert "h1. " in jira
    assert "A ticket for Jira" in jira
    answer = get(client, f"{API}/report", format="markdown", flavor="jira", **pair)
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"].endswith('-jira.txt"')
    assert answer.text.startswith("h1. ")


def test_markdown_without_a_flavor_is_as_it_was(client: Any, pair: dict[str, str]) -> None:
    text = get(client, f"{API}/report", format="markdown", **pair).text
    assert text.startswith("# ")
    assert "Verdict: **" in text
    assert "No values, keys" not in text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"format": "markdown", "flavor": "<b>"}, "flavor must be one of github, gitlab, jira"),
        ({"flavor": "jira"}, "flavor needs format=markdown"),
    ],
)
def test_other_flavors_are_refused(
    client: Any, pair: dict[str, str], query: dict[str, str], words: str
) -> None:
    answer = get(client, f"{API}/report", 400, **query, **pair)
    assert words in answer.json["detail"]


def test_all_workers(client: Any, pair: dict[str, str]) -> None:
    assert pair
    page = get(client, f"{PREFIX}/report/service").text
    assert f'href="{PREFIX}/report/service/ticket"' in page
    ticket = get(client, f"{PREFIX}/report/service/ticket", flavor="gitlab").text
    assert "A ticket for GitLab" in ticket
    assert "Seen in 1 of 1 worker" in ticket
    answer = get(client, f"{API}/report", worker="all", format="markdown", flavor="gitlab")
    assert answer.headers["Content-Disposition"].endswith('"heapview-service-gitlab.md"')


def test_a_downloaded_report(client: Any, pair: dict[str, str], place: Path) -> None:
    report = from_json(get(client, f"{API}/report", **pair).data, Report)
    opened = offline_app(place, TOKEN, [report]).test_client()
    assert "/reports/0/ticket" in get(opened, "/reports/0").text
    page = get(opened, "/reports/0/ticket", flavor="jira").text
    assert "h1. " in page
    file = get(opened, "/api/v1/reports/0", format="markdown", flavor="jira")
    assert file.text.startswith("h1. ")
    stored = get(opened, "/report/ticket", **pair).text
    assert "Fingerprint: `" in stored


def test_a_ticket_needs_the_scope_export(make_app: Any) -> None:
    app = make_app(token=None, auth=lambda _: {"view", "capture"})
    assert app.test_client().get(f"{PREFIX}/report/ticket").status_code == 403
    assert app.test_client().get(f"{PREFIX}/report/service/ticket").status_code == 403
