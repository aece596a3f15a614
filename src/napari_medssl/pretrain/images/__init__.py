"""Which images are learned from, what they are like, and how crops of them come to be a batch."""
