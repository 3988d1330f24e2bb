"""Who allocated what is alive: the sampler's figures, and tracemalloc's."""
