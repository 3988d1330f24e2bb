"""Figures of the process and its container: memory, collector, descriptors, headroom."""
