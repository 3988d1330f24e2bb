"""A thread counts what all threads are doing; of a hundred stacks it drops the rarer half."""

import collections
import sys
import threading
import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Sampler:
    def __init__(self, most):
        self.most, self.counts = most, collections.Counter()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            time.sleep(0.002)
            for frame in sys._current_frames().values():
                stack = []
                while frame is not None:
                    stack.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
                    frame = frame.f_back
                self.counts[tuple(stack)] += 1
            if len(self.counts) > self.most:
                self.counts = collections.Counter(dict(self.counts.most_common(self.most // 2)))


sampler = Sampler(100)


@app.get("/render/<int:n>")
def render(n):
    cells = [f"<td>{row * n}</td>" for row in range(3_000)]
    return str(len("".join(cells)))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
