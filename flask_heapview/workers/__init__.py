"""The workers of one app on this host: who lives, and how each is reached."""
