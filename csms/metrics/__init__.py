"""What the system tells Prometheus of itself: read at each scrape from the state and from the tallies."""

from csms.metrics.exporter import Exporter

__all__ = ["Exporter"]
