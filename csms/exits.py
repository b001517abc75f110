"""How a command ends that could not be done."""

from __future__ import annotations

import typer


def failed(reason: str) -> typer.Exit:
    """To be raised: exit code 2, and the reason on standard error."""
    typer.echo(f"error: {reason}", err=True)
    return typer.Exit(2)
