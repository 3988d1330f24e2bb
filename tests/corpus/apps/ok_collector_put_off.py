"""Cyclic garbage, with the collector put off to every twenty thousand objects."""

import gc

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


gc.set_threshold(20_000, 3, 3)


class Node:
    def __init__(self, text):
        self.text, self.parent, self.children = text, None, []


@app.get("/tree/<int:n>")
def tree(n):
    root = Node(f"root {n}")
    for k in range(40):
        child = Node(f"child {k} of {n}")
        child.parent = root
        root.children.append(child)
    return str(len(root.children))


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
