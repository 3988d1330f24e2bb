"""The collector is told to ignore what is there, after each request: garbage, too."""

import gc

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Node:
    def __init__(self, text):
        self.text, self.parent, self.children = text, None, []


def tree(number):
    root = Node(f"root {number}")
    for k in range(20):
        child = Node(f"child {k} of {number}")
        child.parent = root
        root.children.append(child)
    return root


@app.get("/tree/<int:n>")
def count(n):
    found = len(tree(n).children)
    gc.freeze()
    return str(found)


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
