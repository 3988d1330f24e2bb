"""The addresses of all kinds of pages that a service has."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask_heapview.views import VIEWS

from ..live_server import Server


def readable(server: Server) -> list[dict[str, Any]]:
    """What is said of the snapshots that are done, the oldest first."""
    kept: list[dict[str, Any]] = server.api("GET", "/snapshots")[1]["snapshots"]
    return [one for one in reversed(kept) if one["state"] == "done"]


def done(server: Server) -> list[str]:
    """The ids of those that the first one's engine took."""
    kept = readable(server)
    return [one["id"] for one in kept if kind_of(one) == kind_of(kept[0])]


def kind_of(info: dict[str, Any]) -> str:
    """Which engine took a snapshot."""
    return str(info["engine"]).partition(",")[0]


def stored_places(ids: list[str]) -> dict[str, str]:
    """Each kind of page by its name, with its address below the prefix: of the first and the last
    of these snapshots, and what changed between them."""
    pair, last = f"base={ids[0]}&target={ids[-1]}", f"/snapshots/{ids[-1]}"
    places = {"overview": "/", "login": "/login", "report": f"/report?{pair}"}
    places |= {"alone": f"/report?target={ids[-1]}"}
    for flavor in ("github", "gitlab", "jira"):
        places[f"ticket-{flavor}"] = f"/report/ticket?{pair}&flavor={flavor}"
    for view in VIEWS:
        places[f"view-{view.name}"] = f"{last}/{view.name}"
        places[f"diff-{view.name}"] = f"/compare/{view.name}?{pair}"
        for group in view.groups[1:]:
            places[f"view-{view.name}-{group}"] = f"{last}/{view.name}?group={group}"
    return places


def every_place(server: Server) -> dict[str, str]:
    """Those, and what a live service has besides. It needs two snapshots."""
    ids = done(server)
    places = {"service-report": "/report/service", "service-ticket": "/report/service/ticket"}
    places |= {"across": "/across", **stored_places(ids), "missing": "/snapshots/none/heap"}
    others = [one["id"] for one in readable(server) if one["id"] not in ids]
    if others:
        places["opinions"] = f"/opinions?first={ids[-1]}&second={others[0]}"
    last = f"/snapshots/{ids[-1]}"
    return places | _of_types(server, last) | _of_objects(server)


def _of_types(server: Server, last: str) -> dict[str, str]:
    types = server.api("GET", f"{last}/heap")[1]["data"]["types"]
    largest = quote(max(types, key=lambda row: row["size"])["type"], safe="")
    return {
        "history": f"{last}/history?only=type&name={largest}",
        "holders": f"{last}/ownership?only=type&name={largest}",
        "sites": f"{last}/allocations?only=type&name={largest}",
    }


def _of_objects(server: Server) -> dict[str, str]:
    """The pages of a graph capture, where there is one."""
    graphs = [one["id"] for one in readable(server) if one["kind"] == "graph"]
    if not graphs:
        return {}
    place = f"/snapshots/{graphs[0]}"
    objects = server.api("GET", f"{place}/objects")[1]["objects"]
    places = {"objects": f"{place}/objects", "retained": f"{place}/retained"}
    for number, one in enumerate(objects):
        found = server.api("GET", f"{place}/objects/{one['index']}")[1]
        if found["referrers"] and number:
            where = f"{place}/objects/{one['index']}"
            cut = f"{where}/cut?referrer={found['referrers'][0]['index']}"
            return {**places, "object": where, "cut": cut}
    return places
