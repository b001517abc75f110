"""A car park with real sessions, on which allocations are compared (see benchmarks.fairness)."""
