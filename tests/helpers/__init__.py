"""Helpers of more than one test file; tests/README.md is their index."""
