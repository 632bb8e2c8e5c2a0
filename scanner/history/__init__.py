"""Keep scans in an append-only, signed history; verify, re-evaluate and export it."""
