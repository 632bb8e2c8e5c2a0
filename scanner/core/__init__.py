"""The pure core: from evidence to verdicts, controls and criteria. No clock, no network, no files."""
