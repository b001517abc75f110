"""Measuring central systems over real sockets: servers to compare, chargers that load them, and what is made of it."""
