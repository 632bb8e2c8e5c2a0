"""Exports of history: Parquet tables, the package for an auditor, IPE sheets."""
