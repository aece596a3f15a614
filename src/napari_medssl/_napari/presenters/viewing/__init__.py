"""The image in hand: which one, which grey values and frames are shown, what lies over it."""
