"""Servers that answer as no provider should: see `modes`."""
