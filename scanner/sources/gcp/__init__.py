"""Google Cloud: read by declared requests."""
