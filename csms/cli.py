"""The commands: their names, arguments and help. Those of operators stand in csms.console.

csms.serving, with the whole central system behind it, is imported only inside the commands that need it: that takes
some two seconds of a processor, and whoever asks for the status of a site does not want to wait for it.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from csms.certs_commands import certs
from csms.console import register
from csms.exits import failed
from csms.keys import config_lines, new_api_key


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(version("csms"))
        raise typer.Exit


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def program(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say the version and exit.")
    ] = False,
) -> None:
    """A central system for EV chargers with the load balancer inside it."""


keys = typer.Typer(help="API keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(certs, name="certs")

ConfigOption = Annotated[Path | None, typer.Option("--config", help="The configuration file; else $CSMS_CONFIG.")]


@app.command()
def serve(config: ConfigOption = None) -> None:
    """Run the central system until SIGTERM or SIGINT."""
    from csms import serving

    serving.serve(config)


@app.command()
def demo(
    seconds: Annotated[float | None, typer.Option(min=1, help="End by itself after so many seconds.")] = None,
    seed: Annotated[int, typer.Option(help="Cars arrive in the same order for the same seed.")] = 1,
    screenshot: Annotated[Path | None, typer.Option(help="Save the last picture as SVG.")] = None,
) -> None:
    """Run the central system with a simulated car park of six chargers, and watch it."""
    from csms import serving

    serving.demo(seconds, seed, screenshot)


@app.command("check-config")
def check_config(path: Annotated[Path, typer.Argument(help="The configuration file.")]) -> None:
    """Say everything that is wrong with a configuration file (exit code 2), or where the store overrules it."""
    from csms import serving

    serving.check_config(path)


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")], config: ConfigOption = None
) -> None:
    """Copy the database into one file and check the copy; the central system goes on meanwhile."""
    from csms import serving

    serving.backup(path, config)


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="A file that `csms backup` wrote.")], config: ConfigOption = None
) -> None:
    """Put a backup in the place of the database, which is kept beside it; not while the central system runs."""
    from csms import serving

    serving.restore(path, config)


@keys.command("new")
def keys_new(
    name: Annotated[str, typer.Option(help="Who will use it.")],
    scope: Annotated[list[str], typer.Option(help="read, control or admin; each includes the ones before it.")],
) -> None:
    """Make an API key: it is printed once, and only its SHA-256 belongs into the configuration."""
    unknown = [given for given in scope if given not in ("read", "control", "admin")]
    if unknown or not name.strip():
        raise failed("--scope must be read, control or admin" if unknown else "--name must not be empty")
    key, sha256 = new_api_key()
    typer.echo(f"The key, shown this once:\n\n  {key}\n\nFor the configuration file:\n")
    typer.echo(config_lines(name, sha256, scope))


register(app)


def main() -> None:
    app()
