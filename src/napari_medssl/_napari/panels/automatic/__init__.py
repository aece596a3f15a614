"""The Automatic panel and its sections."""
