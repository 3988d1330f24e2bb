"""A session of connections for each host that is asked."""

import requests
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


sessions = {}


def session_for(host):
    if host not in sessions:
        sessions[host] = requests.Session()
        sessions[host].headers["X-Asked-By"] = host
    return sessions[host]


@app.get("/ping/<int:n>")
def ping(n):
    return session_for(f"node-{n}.example").headers["X-Asked-By"]


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
