"""Each feed registers its own prefix for the writer of XML."""

from xml.etree import ElementTree

from flask import Flask

app = Flask(__name__)


@app.get("/feed/<int:n>")
def feed(n):
    space = f"https://feeds.example/{n}/schema"
    ElementTree.register_namespace(f"feed{n}x", space)
    root = ElementTree.Element(f"{{{space}}}feed")
    return ElementTree.tostring(root)


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
