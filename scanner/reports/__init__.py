"""Reports of commands other than scan: drift, period, sample and re-performance, as text and JSON."""
