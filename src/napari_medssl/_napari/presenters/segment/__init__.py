"""What the Segment panel decides, put together from viewing, prompts and mask."""
