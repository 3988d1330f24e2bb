"""An extension keeps its state under the app's extensions, a row for each tenant."""

from flask import Flask, current_app

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Audit:
    def __init__(self, app):
        app.extensions["audit"] = {"started": True, "tenants": {}}

    def note(self, tenant, what):
        tenants = current_app.extensions["audit"]["tenants"]
        tenants.setdefault(tenant, []).append(what)


audit = Audit(app)


@app.get("/open/<int:n>")
def open_door(n):
    audit.note(f"tenant-{n}", f"door {n} was opened by badge {n * 7}")
    return "opened"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
