"""The nnU-Net panel and its parts."""
