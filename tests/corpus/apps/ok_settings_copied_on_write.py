"""Settings are copied before each change; the twenty-five versions before stay for a way back."""

import collections
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Settings:
    def __init__(self):
        self.current, self.earlier = {}, collections.deque(maxlen=25)
        self.changing = threading.Lock()

    def change(self, tenant, values):
        with self.changing:
            self.earlier.append(self.current)
            self.current = {**self.current, tenant: values}


settings = Settings()


@app.get("/theme/<int:n>")
def theme(n):
    settings.change(f"tenant-{n // 2 % 90}", {"colour": n % 7, "fonts": [f"font {n}"] * 10})
    return str(len(settings.current))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
