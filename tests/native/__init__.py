"""Native leaks of many kinds in one service, beside leaks of objects."""
