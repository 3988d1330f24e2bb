"""The words for what the judge found: one function for each kind of fact."""
