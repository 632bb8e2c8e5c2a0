"""Reads resources out of raw answers: which calls a check needs, and the attributes they give."""
