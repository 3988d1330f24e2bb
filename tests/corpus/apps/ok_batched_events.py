"""Events are gathered, and sent away a hundred at a time."""

import json

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


events = []


@app.get("/event/<int:n>")
def event(n):
    events.append({"n": n, "text": f"event {n}" * 5})
    if len(events) >= 100:
        json.dumps(events)
        events.clear()
    return str(len(events))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
