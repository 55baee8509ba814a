"""Microsoft Azure: cost exports."""
