"""Whether a run is worth going on with: signs of collapse, and what can be read off the encoder."""
