"""What the Jobs panel decides: which job is looked at, its story, and what is done with it."""
