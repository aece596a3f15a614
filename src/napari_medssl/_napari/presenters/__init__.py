"""What the panels decide, without Qt and without napari: plain classes before two protocols."""
