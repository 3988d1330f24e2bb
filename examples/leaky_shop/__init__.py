"""A small shop that leaks in five ways, with a repaired twin beside each."""
