"""The Project panel and its parts."""
