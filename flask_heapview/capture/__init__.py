"""The only layer that touches live objects: facts in, model out, no judgement."""
