"""Judges Terraform plans: arguments become the provider's raw answers, and checks run unchanged."""
