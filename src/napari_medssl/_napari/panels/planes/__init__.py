"""The Three planes panel and its parts."""
