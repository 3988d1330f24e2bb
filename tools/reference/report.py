"""docs/reference-report.md: the report, as docs/report.schema.json has it."""

from __future__ import annotations

import typing

from flask_heapview.model.report import SCHEMA, Cause, Report
from flask_heapview.model.service_report import SCHEMA as SERVICE_SCHEMA
from flask_heapview.model.service_report import ServiceReport

from .markdown import code, page
from .structs import facts_table, reached, section, split_facts

ABOUT = """`GET report`, `flask-heapview report --format json` and `flask heapview check --json`
write it. The page is made from the same types as [report.schema.json](report.schema.json), which
is JSON Schema, draft 2020-12. A field with a default may be missing. A reader must pass over
fields that it does not know."""
FACTS = """Beside each sentence stands its fact: an object with a `kind`, and the figures of the
sentence. A program reads facts, and needs no sentence. `bytes` are bytes, and a path is the
dotted way to an object."""


def render() -> str:
    """The page."""
    others, facts = split_facts(reached(Report, ServiceReport))
    causes = ", ".join(code(cause) for cause in typing.get_args(Cause))
    about = (
        f"`schema` is {code(SCHEMA)}, or {code(SERVICE_SCHEMA)} for all workers. "
        f"A `cause` is one of {causes}.\n[verdict.md](verdict.md) says what each means."
    )
    parts = [section(struct) for struct in others]
    return page("The report", ABOUT, about, *parts, "## Facts", FACTS, facts_table(facts))
