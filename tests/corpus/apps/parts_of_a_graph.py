"""A network is taken apart into its connected parts."""

import igraph
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/parts/<int:n>")
def parts(n):
    roads = [(k, k + 1) for k in range(1498) if k % (3 + n % 4)]
    network = igraph.Graph(n=1500, edges=roads)
    return str(len(network.decompose()))


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
