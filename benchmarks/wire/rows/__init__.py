"""What a fleet costs besides its messages, a module for each question."""
