"""Reads the outside world: providers and file formats, nothing of carbon."""
