"""Parsers share the names that they have seen, and the names carry numbers."""

import xml.parsers.expat

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Reader:
    names = {}

    def parse(self, text):
        found = []
        parser = xml.parsers.expat.ParserCreate(intern=self.names)
        parser.StartElementHandler = lambda name, _: found.append(name)
        parser.Parse(text, True)
        return found


@app.get("/feed/<int:n>")
def feed(n):
    items = "".join(f"<item-{n}-{k}/>" for k in range(12))
    return str(len(Reader().parse(f"<feed>{items}</feed>")))


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
