"""Verify records, judge them again, and re-perform single findings."""
