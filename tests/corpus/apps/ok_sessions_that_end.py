"""Sessions come, and go when they log out."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


sessions = {}


@app.get("/session/<int:n>")
def session(n):
    sessions[n] = {"n": n, "cart": [str(k) for k in range(50)]}
    sessions.pop(n - 50, None)
    return str(len(sessions))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
