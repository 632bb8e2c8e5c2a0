"""From resources to verdicts, controls and criteria: the algebra of findings."""
