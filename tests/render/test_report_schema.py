"""The published schema of a ticket: docs/report.schema.json is what the code says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from flask_heapview.render import json as as_json
from flask_heapview.render import schemas

from ..helpers import ROOT
from .test_ticket import leak, service

PUBLISHED = ROOT / "docs" / "report.schema.json"
WRITE = (
    "from pathlib import Path; from flask_heapview.render import json, schemas; "
    "Path('docs/report.schema.json').write_bytes(json.encode(schemas.report_schema()) + b'\\n')"
)


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(PUBLISHED.read_text())


def test_the_file_is_current(schema: Any) -> None:
    now = json.loads(as_json.encode(schemas.report_schema()))
    assert schema == now, f'to write it anew: python -c "{WRITE}"'


def test_tickets_are_valid(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for report in (leak(), service()):
        data = json.loads(as_json.encode(report))
        assert validator.is_valid(data)
        assert not validator.is_valid({**data, "verdict": "perhaps"})
        assert not validator.is_valid({**data, "suspects": [{}]})
