"""How a snapshot is taken: the runner, and the engines."""
