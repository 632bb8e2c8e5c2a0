"""Renders what commands other than `scan` show: drift, period, sample and re-performance."""
