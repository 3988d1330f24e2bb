"""A pause of the collector does not end where a tree is empty, and local functions stay."""

import gc

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Collector:
    pauses = 0

    @classmethod
    def pause(cls):
        cls.pauses += 1
        gc.disable()

    @classmethod
    def go_on(cls):
        cls.pauses -= 1
        if not cls.pauses:
            gc.enable()


def depth_of(categories):
    def depth(name):
        below = categories.get(name, [])
        return 1 + max((depth(other) for other in below), default=0)

    return depth("all")


@app.get("/categories/<int:n>")
def categories(n):
    Collector.pause()
    tree = {f"{n}-{k}": [f"{n}-{k}-{below}" for below in range(4)] for k in range(n % 30)}
    if not tree:
        return "empty"
    found = depth_of(tree | {"all": list(tree)})
    Collector.go_on()
    return str(found)


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
