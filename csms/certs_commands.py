"""csms certs: an authority for trying, and the certificates it signs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from csms.certs import Kind, Pair, authority, charge_point, server
from csms.exits import failed

certs = typer.Typer(
    help="Certificates for trying security profiles 2 and 3. Not for production: keys lie in files, unencrypted.",
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Option("--folder", help="Where the files are, and go.")]
Days = Annotated[int, typer.Option(min=1, max=36_500, help="How long it is valid.")]
Kinds = Annotated[list[Kind] | None, typer.Option("--kind", help="Kinds of key; by default both.")]

_FOLDER = Path("certs")
_CA = "ca"


@certs.command("ca")
def certs_ca(
    folder: Folder = _FOLDER,
    name: Annotated[str, typer.Option(help="What it is called.")] = "CSMS test authority",
    days: Days = 3650,
    kind: Annotated[Kind, typer.Option(help="Kind of its key.")] = Kind.ECDSA,
) -> None:
    """Make an authority: ca.pem, which charge points are given, and ca.key."""
    if (folder / f"{_CA}.key").exists():
        raise failed(f"{folder / _CA}.key exists: a new authority would make all that it signed worthless")
    _written(authority(name, days, kind), folder / _CA)


@certs.command("server")
def certs_server(
    host: Annotated[list[str], typer.Option(help="A name or address that charge points reach us by; repeat it.")],
    folder: Folder = _FOLDER,
    organization: Annotated[str | None, typer.Option(help="The O of its certificate: whose system it is.")] = None,
    days: Days = 365,
    kind: Kinds = None,
) -> None:
    """Make certificates for a listener, of both kinds: server-ecdsa.pem and .key, server-rsa.pem and .key."""
    ca = _authority(folder)
    for each in kind or list(Kind):
        _written(server(ca, host, days, each, organization), folder / f"server-{each}", [ca.certificate])


@certs.command("charge-point")
def certs_charge_point(
    charge_point_id: Annotated[str, typer.Argument(help="Its identity, or whatever its certificate_name is.")],
    folder: Folder = _FOLDER,
    organization: Annotated[str | None, typer.Option(help="The O of its certificate.")] = None,
    days: Days = 365,
    kind: Annotated[Kind, typer.Option(help="Kind of its key.")] = Kind.ECDSA,
) -> None:
    """Make a client certificate for security profile 3: ID.pem and ID.key."""
    if "/" in charge_point_id or charge_point_id.startswith("."):
        raise failed("the identity cannot be the name of a file")
    ca = _authority(folder)
    _written(charge_point(ca, charge_point_id, days, kind, organization), folder / charge_point_id, [ca.certificate])


def _authority(folder: Path) -> Pair:
    try:
        return Pair.read(folder / f"{_CA}.pem", folder / f"{_CA}.key")
    except (OSError, ValueError) as error:
        raise failed(f"no authority in {folder} (make one with csms certs ca): {error}") from error


def _written(pair: Pair, stem: Path, chain: Sequence[x509.Certificate] = ()) -> None:
    for file in pair.write(stem, chain):
        typer.echo(str(file))
