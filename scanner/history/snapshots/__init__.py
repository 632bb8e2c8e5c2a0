"""Snapshots, evidence documents and content, as they are written to files and read back."""
