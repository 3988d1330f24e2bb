"""An export's settings go to its process by the environment, where they stay."""

import json
import os

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def settings_of(number):
    columns = [f"column_{k}" for k in range(number % 7, number % 7 + 20)]
    return {"job": number, "columns": columns, "folder": f"/exports/{number}"}


@app.get("/export/<int:n>")
def export(n):
    os.environ[f"EXPORT_{n}"] = json.dumps(settings_of(n))
    return f"export {n} will start soon"


@app.get("/settings/<int:n>")
def settings(n):
    return settings_of(n)
