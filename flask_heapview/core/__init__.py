"""The C extension: its loader, its self-check, and the struct offsets that it is told."""
