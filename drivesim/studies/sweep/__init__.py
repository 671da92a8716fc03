"""Sweeps: many instances of a scenario, on local processes or a Ray cluster, into one table."""
