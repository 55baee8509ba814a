"""Connectors to Google Cloud: billing exports."""
