"""From what images and machine are like to a plan that makes sense there."""
