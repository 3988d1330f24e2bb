"""The engine on the C core."""
