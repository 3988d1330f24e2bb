"""Each letter is a template of its own, in an environment that forgets none."""

import jinja2
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


letters = jinja2.DictLoader({})
post = jinja2.Environment(loader=letters, cache_size=-1)


@app.get("/letter/<int:n>")
def letter(n):
    letters.mapping[f"letter-{n}"] = f"Dear {{{{ name }}}}, your number is {n}."
    return post.get_template(f"letter-{n}").render(name="Ada")


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
