"""Helpers of everything that is rendered: wrapping, CSV cells, JSON of dataclasses, sanitized text."""
