"""Regressions with answers nested in companies; they know designs, outcomes and clusters, not surveys."""
