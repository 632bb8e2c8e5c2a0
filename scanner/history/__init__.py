"""Keep scans in an append-only, signed history; verify, judge again and export it."""
