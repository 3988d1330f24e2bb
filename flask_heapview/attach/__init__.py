"""Snapshots of processes that never mounted us: `flask heapview attach`."""
