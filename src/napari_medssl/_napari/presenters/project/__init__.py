"""What the Project panel decides: the cases, each kept stroke by stroke, and their exports."""
