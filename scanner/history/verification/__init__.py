"""Verification, replay and re-performance of what the ledger holds."""
