"""Cases, labels, edits and models of one project: the state on disk."""
