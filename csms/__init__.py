"""A central system for EV chargers (OCPP 1.6-J and 2.0.1) with the load balancer inside it."""
