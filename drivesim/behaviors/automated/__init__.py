"""Automated driving functions that scenarios name as controllers."""
