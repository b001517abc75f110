"""The commands of those who operate sites: status, watch, sessions, alarms, command. They know the client alone."""

from csms.console.commands import register

__all__ = ["register"]
