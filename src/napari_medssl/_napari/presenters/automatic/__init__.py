"""What the Automatic panel decides: which model, its run, and reviewing what it found."""
