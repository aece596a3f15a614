"""From marks to outlines: of an object, a slice or a volume, and the network that answers."""
