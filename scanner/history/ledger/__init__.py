"""The ledger: one append-only, signed chain of records for each target."""
