"""Simulated chargers and car parks that speak OCPP 1.6-J and 2.0.1."""
