"""A form's class gets a field for each question that is asked."""

import wtforms
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Survey(wtforms.Form):
    name = wtforms.StringField("Your name")


@app.get("/question/<int:n>")
def question(n):
    setattr(Survey, f"answer_{n}", wtforms.IntegerField(f"Question {n}"))
    return "added"


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
