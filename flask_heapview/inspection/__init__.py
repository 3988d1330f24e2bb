"""Looking at live objects without running their code."""
