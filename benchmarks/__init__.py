"""Reproducible measurements; each prints a ratio. They need the extra `bench`."""
