"""The file of a graph capture: a zip of arrays that numpy.load opens, and that we map."""
