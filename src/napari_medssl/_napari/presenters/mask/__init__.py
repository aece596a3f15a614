"""The mask in hand: its labels, every change of it as a step, tools, and what is finished."""
