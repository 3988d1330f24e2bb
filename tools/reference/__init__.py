"""The reference pages in docs/: generated from the code, so that they say what it does.

`make reference` writes them. `tests/test_reference.py` fails when they are not current.
"""
