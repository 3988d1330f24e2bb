"""A layer around the app keeps all answers that say they are public, by their address."""

import threading

from flask import Flask, make_response
from werkzeug.wrappers import Response

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Remembering:
    def __init__(self, inner):
        self.inner, self.answers, self.lock = inner, {}, threading.Lock()

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        answer = self.answers.get(path)
        if answer is None:
            answer = Response.from_app(self.inner, environ)
            if answer.cache_control.public:
                answer.make_sequence()
                with self.lock:
                    self.answers[path] = answer
        return answer(environ, start_response)


app.wsgi_app = Remembering(app.wsgi_app)


@app.get("/timetable/<int:n>")
def timetable(n):
    answer = make_response("".join(f"{hour}:{n % 60:02} to stop {n}\n" for hour in range(24)))
    answer.cache_control.public = True
    return answer


@app.get("/delay/<int:n>")
def delay(n):
    return f"{n % 9} minutes"
