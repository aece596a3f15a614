"""Methods of pre-training, one a file; each has a ``build(network, plan)``."""
