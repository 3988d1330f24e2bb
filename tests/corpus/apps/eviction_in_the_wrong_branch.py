"""A cache by hand that evicts only when it finds what it looks for."""

import collections

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


LIMIT = 50
pages = collections.OrderedDict()


def page_of(number):
    if number in pages:
        pages.move_to_end(number)
        while len(pages) > LIMIT:
            pages.popitem(last=False)
    else:
        pages[number] = f"<h1>Page {number}</h1>" * 10
    return pages[number]


@app.get("/page/<int:n>")
def page(n):
    return page_of(n)


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
