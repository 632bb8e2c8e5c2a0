"""Reads what Terraform writes: the JSON of plans and states, and the source of a configuration."""
