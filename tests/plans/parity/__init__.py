"""Parity: what is said of a plan is what is said of the live account, by a real Terraform."""
