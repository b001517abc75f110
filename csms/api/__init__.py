"""The REST interface: one table of routes, one module per resource."""
