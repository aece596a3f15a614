"""What the Learn panel decides: the button, the run, the verdict, and what comes next."""
