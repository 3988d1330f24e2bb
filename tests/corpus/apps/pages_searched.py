"""Pages are parsed and searched with selectors."""

import selectolax.lexbor
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def page_of(number):
    items = "".join(f"<p class='item'>{number} <b>{k}</b></p>" for k in range(100))
    return f"<html><body>{items}</body></html>"


@app.get("/scrape/<int:n>")
def scrape(n):
    page = selectolax.lexbor.LexborHTMLParser(page_of(n))
    return str(len(page.css("p.item b")))


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
