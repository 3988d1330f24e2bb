"""Each request asks a thread of its own, which has its own value of a Local."""

import threading

import asgiref.local
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


tenant = asgiref.local.Local()


def answer(number, found):
    tenant.name = f"tenant {number}"
    found.append(tenant.name)


@app.get("/ask/<int:n>")
def ask(n):
    found = []
    thread = threading.Thread(target=answer, args=(n, found))
    thread.start()
    thread.join()
    return found[0]


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
