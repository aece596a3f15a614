"""nnU-Net through nnunetv2's own functions: planned, trained, chosen and run by it, told by us."""
