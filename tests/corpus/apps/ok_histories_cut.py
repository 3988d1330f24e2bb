"""The history of each of thirty users is cut to ten entries whenever it has thirty."""

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class User:
    def __init__(self, name):
        self.name, self.history = name, []

    def act(self, what):
        self.history.append(what)
        if len(self.history) >= 30:
            del self.history[:-10]


users = {f"user-{k}": User(f"user-{k}") for k in range(30)}


@app.get("/act/<int:n>")
def act(n):
    user = users[f"user-{n // 2 % 30}"]
    for k in range(3):
        user.act({"number": n, "what": f"click {k} in window {n}"})
    return str(len(user.history))


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
