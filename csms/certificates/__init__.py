"""Certificates of charge points: signed here, and asked about elsewhere."""
