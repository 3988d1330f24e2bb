"""Not more users, but ever more history of each."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


users = {name: {"name": name, "history": []} for name in ("ann", "bob", "eve")}


@app.get("/act/<int:n>")
def act(n):
    user = users[("ann", "bob", "eve")[n % 3]]
    user["history"].append((n, f"action {n} " * 10))
    return str(len(user["history"]))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
