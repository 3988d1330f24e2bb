"""`python -m flask_heapview.cli`."""

from .main import program

program(prog_name="flask-heapview")
