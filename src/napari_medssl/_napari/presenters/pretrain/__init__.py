"""What the Pre-train panel decides: the images, the method, the run, and handing it on."""
