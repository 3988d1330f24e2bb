"""Each request starts a task that waits for an answer which never comes."""

import asyncio
import threading

from flask import Flask

app = Flask(__name__)

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
answers = {}


async def wait_for_answer(n):
    text = "question " * 100
    answers[n] = loop.create_future()
    return await answers[n], text


@app.get("/ask/<int:n>")
def ask(n):
    asyncio.run_coroutine_threadsafe(wait_for_answer(n), loop)
    return "asked"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
