"""One mounted app: its workers, captures, and watch."""
