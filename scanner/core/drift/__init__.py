"""What changed between two records, who changed it, and which alerts follow from it."""
