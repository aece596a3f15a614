"""What the Three planes panel decides: what each plane shows, and marks on it."""
