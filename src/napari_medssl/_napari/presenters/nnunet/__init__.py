"""What the nnU-Net panel decides."""
