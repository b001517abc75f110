"""What a hostile or broken charger may send, and a house to send it to."""
