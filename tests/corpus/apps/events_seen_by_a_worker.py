"""A thread delivers each event once: it keeps, in a variable of its own, all that it has seen."""

import collections
import queue
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


events = queue.Queue()
delivered = collections.deque(maxlen=20)


def deliver():
    seen = {}
    while True:
        event = events.get()
        if event["id"] not in seen:
            seen[event["id"]] = event
            delivered.append(event["text"])


threading.Thread(target=deliver, name="deliver", daemon=True).start()


@app.get("/hook/<int:n>")
def hook(n):
    events.put({"id": f"event-{n}", "kind": "paid", "text": f"Order {n} is paid. " * 20})
    return "received"


@app.get("/latest/<int:n>")
def latest(n):
    return "\n".join(list(delivered)[-(n % 5) :])
