"""Running work where it cannot hurt the service: forked children and fresh interpreters."""
