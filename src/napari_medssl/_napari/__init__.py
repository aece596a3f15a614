"""The window: the only package that imports napari, qtpy or superqt."""
