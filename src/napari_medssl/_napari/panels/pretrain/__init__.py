"""The Pre-train panel and its sections."""
