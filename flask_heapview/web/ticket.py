"""A report as a ticket: the page that shows its text, and the files."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast, get_args

from flask import Response, request

from ..errors import BadRequest
from ..model.base import from_json
from ..model.report import Report
from ..model.service_report import ServiceReport
from ..render import markdown, ticket
from ..render.markup import MARKUPS, Flavor
from ..text import clean
from .fields import pair_asked
from .frame import page
from .guard import all_workers, ask
from .links import link_here, url_for
from .replies import attached, passed_on
from .worker_calls import ALL

TITLES: dict[Flavor, str] = {"github": "GitHub", "gitlab": "GitLab", "jira": "Jira"}
AnyReport = Report | ServiceReport


def flavor_asked() -> Flavor | None:
    """Whose markup the address asks for; None where it asks for none. Raises BadRequest."""
    wanted = request.args.get("flavor")
    if wanted is None:
        return None
    if wanted not in get_args(Flavor):
        names = ", ".join(get_args(Flavor))
        raise BadRequest(f"flavor must be one of {names}, not {clean(wanted)!r}.")
    return cast(Flavor, wanted)


# --- the files


def ticket_reply(data: bytes, kind: type[AnyReport], name: str | None) -> Response:
    """A report as JSON, as a file, or as text. `data` is its JSON, `name` a part of the file's."""
    flavor, form = flavor_asked(), request.args.get("format")
    if flavor is not None and form != "markdown":
        raise BadRequest("flavor needs format=markdown.")
    stem = f"heapview-{clean(name)}"
    if flavor is not None:
        markup = MARKUPS[flavor]
        text = ticket.render(from_json(data, kind), flavor)
        headers = attached(f"{stem}-{flavor}.{markup.suffix}")
        return Response(text, 200, headers, mimetype=markup.mimetype)
    if form == "markdown":
        text = _plain_markdown(from_json(data, kind))
        return Response(text, 200, attached(f"{stem}.md"), mimetype="text/markdown")
    return passed_on(data, attached(f"{stem}.json") if request.args.get("download") else None)


def _plain_markdown(report: AnyReport) -> str:
    if isinstance(report, ServiceReport):
        return markdown.render_service(report)
    return markdown.render(report)


# --- the page


def of_report() -> Response:
    """The ticket of one worker."""
    pair = pair_asked()
    report = from_json(ask("report", **pair), Report)
    return ticket_page(
        report,
        here=link_here("ticket", **pair),
        file=lambda **more: url_for(".api_report", **pair, **more),
        back=url_for(".report", **pair),
    )


def of_service() -> Response:
    """The ticket of all workers."""
    report = from_json(ask("service", workers=all_workers()), ServiceReport)
    return ticket_page(
        report,
        here=link_here("service_ticket"),
        file=lambda **more: url_for(".api_report", worker=ALL, **more),
        back=url_for(".service_report"),
    )


def ticket_page(
    report: AnyReport, here: Callable[..., str], file: Callable[..., str], back: str
) -> Response:
    """The text of a ticket. `here` gives this page's address in another markup, `file` that of a
    file, `back` is the report's page."""
    flavor = flavor_asked() or "github"
    return page(
        "ticket.html",
        text=ticket.render(report, flavor),
        flavor=flavor,
        titles=TITLES,
        here=here,
        as_json=file(download=1),
        as_text=file(format="markdown", flavor=flavor),
        back=back,
    )
