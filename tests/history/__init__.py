"""History: small scans, and the long proofs that are run by hand."""
