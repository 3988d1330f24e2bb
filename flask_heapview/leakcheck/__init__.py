"""Does a call leak each time? The checker, and the pytest fixture."""
