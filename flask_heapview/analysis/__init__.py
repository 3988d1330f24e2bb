"""Pure functions from model to model; never sees a live object."""
