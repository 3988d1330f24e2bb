"""The services that the end-to-end tests run."""

LEAKY = '''
"""A service with one leak and one innocent page."""
from flask import Flask
from flask_heapview import HeapView

app = Flask(__name__)
kept = {}


@app.get("/health")
def health():
    return "ok"


@app.get("/leak/<int:number>")
def leak(number):
    kept[number] = [str(number) * 20 for _ in range(20)]
    return "kept"


@app.get("/fine/<int:number>")
def fine(number):
    return str(sum(len(str(n)) for n in range(number % 500)))


HeapView(app)
'''

# both callbacks are the endpoint /_dash-update-component
DASH = """
import flask
from dash import Dash, Input, Output, dcc, html
from flask_heapview import HeapView

app = flask.Flask(__name__)
app.add_url_rule("/health", "health", lambda: "ok")
page = Dash(__name__, server=app)
parts = [html.P(id=name) for name in ("fine", "left", "right")]
page.layout = html.Div([dcc.Input(id="n"), *parts])
kept = []


@page.callback(Output("fine", "children"), Input("n", "value"))
def fine(number):
    return str(sum(range(number)))


@page.callback(Output("left", "children"), Output("right", "children"), Input("n", "value"))
def leak(number):
    kept.append([bytes(900) for _ in range(20)])
    return str(number), str(len(kept))


HeapView(app)
"""
