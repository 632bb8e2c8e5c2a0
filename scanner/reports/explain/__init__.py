"""Explains one thing by its id: what it is, what it rests on, and its newest result."""
