"""GitHub: read by declared requests."""
