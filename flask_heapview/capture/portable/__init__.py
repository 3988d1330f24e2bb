"""The engine in Python, on guppy3, objgraph and Pympler."""
