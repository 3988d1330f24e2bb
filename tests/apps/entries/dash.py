"""A small dashboard with two callbacks, and a client for where its figures come from."""

import requests
from dash import Dash, Input, Output, State, dcc, html

board = Dash("board")
board.layout = html.Div(
    [
        dcc.Input(id="number", value="3"),
        dcc.Dropdown(["squares", "cubes"], "squares", id="kind"),
        dcc.Graph(id="graph"),
        html.Div(id="words"),
    ]
)


@board.callback(Output("graph", "figure"), Input("number", "value"), State("kind", "value"))
def draw(number, kind):
    power = 2 if kind == "squares" else 3
    places = list(range(int(number) % 50))
    return {"data": [{"x": places, "y": [n**power for n in places], "type": "bar"}]}


@board.callback(Output("words", "children"), Input("kind", "value"))
def say(kind):
    return [html.B(kind), " of the numbers"]


app = board.server
app.config["SOURCE"] = requests.Session()


def deep():
    return app.config["SOURCE"].adapters["https://"].poolmanager.pools
