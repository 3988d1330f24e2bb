"""A view keeps each user's settings in the configuration of the app."""

from flask import Flask, current_app, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/theme/<int:n>")
def theme(n):
    current_app.config[f"THEME_OF_{n}"] = {
        "colour": f"#{n:06x}",
        "size": n % 9,
        "fonts": ["a", "b"],
    }
    return "saved"


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
