"""The Learn panel and its sections."""
