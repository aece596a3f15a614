"""Teaching a segmentation network from a few cases. What plans a run needs no torch."""
