"""Code-level trackers and their logs."""
