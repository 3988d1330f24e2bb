"""An event loop and its tasks for each request, closed at its end."""

import asyncio

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


async def part(number, k):
    await asyncio.sleep(0)
    return f"part {k} of {number}"


async def gathered(number):
    return await asyncio.gather(*(part(number, k) for k in range(10)))


@app.get("/gather/<int:n>")
def gather(n):
    return ", ".join(asyncio.run(gathered(n)))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
