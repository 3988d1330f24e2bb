"""Tasks are handed to a loop that nobody runs."""

import asyncio
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


loop = asyncio.new_event_loop()
handing = threading.Lock()


async def notify(number, text):
    await asyncio.sleep(0)
    return f"{number}: {text}"


@app.get("/notify/<int:n>")
def tell(n):
    with handing:
        task = loop.create_task(notify(n, f"order {n} has left the house"))
    return task.get_name()


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
