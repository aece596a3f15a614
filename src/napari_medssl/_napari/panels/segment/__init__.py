"""The Segment panel and its sections."""
