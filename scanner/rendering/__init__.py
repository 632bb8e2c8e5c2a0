"""Makes text safe and readable, whatever is rendered: wrapping, CSV cells, JSON, sanitized text."""
