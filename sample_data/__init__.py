"""Constructed inputs for the demo, and the generator that wrote them."""
