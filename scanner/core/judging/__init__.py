"""Judges resources: derives findings, control statuses and criteria."""
