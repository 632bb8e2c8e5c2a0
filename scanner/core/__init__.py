"""The pure core: from evidence to verdicts, controls and criteria. No clock, network or files."""
