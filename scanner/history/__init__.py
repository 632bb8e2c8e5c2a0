"""What is kept: snapshots of what was read."""
