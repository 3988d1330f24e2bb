"""Who serves this app on this host."""
