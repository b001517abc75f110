"""Commands against a running central system. Errors end with exit code 2 and a line each on standard error.

The client is imported when something is asked: `csms --help` and `csms serve` have no use for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.live import Live

from csms.console import tables

if TYPE_CHECKING:
    from csms.client import Alarm, Allocation, Client, CommandResult, Site
    from csms.client.models import Model

Result = TypeVar("Result")

UrlOption = Annotated[str, typer.Option("--url", envvar="CSMS_URL", help="Where the API of the central system is.")]
KeyOption = Annotated[str, typer.Option("--key", envvar="CSMS_KEY", help="An API key.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of a table.")]
SiteOption = Annotated[str | None, typer.Option("--site", help="Of this site only.")]

DEFAULT_URL = "http://127.0.0.1:8080"

_GOOD = frozenset({"Accepted", "RebootRequired", "Scheduled"})


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (status, watch, sessions, alarms, command_):
        app.command(command.__name__.rstrip("_"))(command)


def status(url: UrlOption = DEFAULT_URL, key: KeyOption = "", as_json: JsonOption = False) -> None:
    """How every site stands, and the alarms that stand."""

    async def look(client: Client) -> tuple[list[Site], list[Allocation], list[Alarm], str | None]:
        sites = await client.sites()
        allocations = [await client.allocation(site.site_id) for site in sites]
        return sites, allocations, await client.alarms(standing=True), await client.trouble()

    sites, allocations, standing, trouble = _ask(url, key, look)
    if as_json:
        found = {"sites": _plain(sites), "allocations": _plain(allocations), "alarms": _plain(standing)}
        _print_json({**found, "not_ready": trouble})
        return
    _print(tables.sites(sites, allocations, standing))
    if standing:
        _print(tables.alarms(standing))
    if trouble is not None:
        typer.echo(f"not ready: {trouble}")


def watch(
    site: Annotated[str | None, typer.Argument(help="The site; where there is one only, that.")] = None,
    url: UrlOption = DEFAULT_URL,
    key: KeyOption = "",
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 1.0,
    looks: Annotated[int | None, typer.Option(min=1, help="End after so many looks.")] = None,
) -> None:
    """A site's chargers, what each may draw and draws, and why; live, until Ctrl-C."""

    async def follow(client: Client) -> None:
        site_id = site or await _only_site(client)
        console = Console()
        # Where the output is no terminal, every look is printed below the one before.
        with Live(console=console, auto_refresh=False) if console.is_terminal else _Plain(console) as live:
            seen = 0
            while True:
                points = await client.charge_points(site_id)
                live.update(tables.watched(await client.allocation(site_id), points), refresh=True)
                seen += 1
                if seen == looks:
                    return
                await asyncio.sleep(every)

    _ask(url, key, follow)


def sessions(
    url: UrlOption = DEFAULT_URL,
    key: KeyOption = "",
    site: SiteOption = None,
    charge_point: Annotated[str | None, typer.Option(help="Of this charge point only.")] = None,
    active: Annotated[bool, typer.Option("--active", help="Only those that run.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Charging sessions, the newest first."""
    found = _ask(
        url,
        key,
        lambda client: client.sessions(
            site_id=site, charge_point_id=charge_point, status="active" if active else None, limit=limit
        ),
    )
    _print_json(_plain(found)) if as_json else _print(tables.sessions(found))


def alarms(
    url: UrlOption = DEFAULT_URL,
    key: KeyOption = "",
    site: SiteOption = None,
    cleared: Annotated[bool, typer.Option("--all", help="Those that were cleared too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What is wrong; the exit code is 1 if anything is, and if the central system is not ready."""

    async def look(client: Client) -> tuple[list[Alarm], str | None]:
        # Where nothing can be stored no alarm can be raised; that must not look as if all were well.
        return await client.alarms(site_id=site, standing=None if cleared else True), await client.trouble()

    found, trouble = _ask(url, key, look)
    if as_json:
        _print_json(_plain(found))
    elif found:
        _print(tables.alarms(found))
    if trouble is not None:
        typer.echo(f"not ready: {trouble}", err=as_json)
    elif not found and not as_json:
        typer.echo("no alarms")
    if trouble is not None or any(alarm.cleared_at is None for alarm in found):
        raise typer.Exit(1)


def command_(
    charge_point: Annotated[str, typer.Argument(help="The charge point.")],
    name: Annotated[str, typer.Argument(help="A command such as reset, or an action of OCPP such as Reset.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Its fields: name=value, name.name=value; values may be JSON.")
    ] = None,
    url: UrlOption = DEFAULT_URL,
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Send a charge point a command and tell what it answered; the exit code is 1 unless it accepted."""
    fields = parsed(arguments or [])

    async def send(client: Client) -> CommandResult:
        of_ocpp = name[:1].isupper()  # as all of OCPP's actions, and none of ours
        return await (client.ocpp if of_ocpp else client.command)(charge_point, name, fields)

    result = _ask(url, key, send)
    if as_json:
        _print_json(result.model_dump(mode="json"))
    else:
        typer.echo(f"{result.status} after {result.response_time_ms / 1000:.1f} s")
        for line in _lines(result):
            typer.echo(line)
    if result.status not in _GOOD:
        raise typer.Exit(1)


def parsed(arguments: Sequence[str]) -> dict[str, Any]:
    """name=value pairs as an object: a value is JSON where it is any, else text; dots in a name lead into objects.

    Raises typer.BadParameter.
    """
    payload: dict[str, Any] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        *parents, last = name.split(".")
        if not equals or not all((*parents, last)):
            raise typer.BadParameter(f"{argument!r} is not name=value")
        place = payload
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise typer.BadParameter(f"{argument!r}: {parent} has a value already")
        if last in place:
            raise typer.BadParameter(f"{name} is given twice")
        place[last] = _value(text)
    return payload


def _value(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


class _Plain:
    """Prints picture after picture."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def update(self, picture: RenderableType, *, refresh: bool) -> None:
        self._console.print(picture)


def _ask(url: str, key: str, question: Callable[[Client], Awaitable[Result]]) -> Result:
    from csms.client import ApiError, Client

    async def asked() -> Result:
        async with Client(url, key) as client:
            return await question(client)

    try:
        return asyncio.run(asked())
    except ApiError as error:
        typer.echo(f"error: {error}", err=True)
        for field in error.errors:
            typer.echo(f"  {field.field}: {field.rule}", err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _only_site(client: Client) -> str:
    from csms.client import ApiError

    sites = await client.sites()
    if len(sites) == 1:
        return sites[0].site_id
    names = ", ".join(site.site_id for site in sites) or "none"
    raise ApiError(None, "which site?", f"there are {names}")


def _lines(result: CommandResult) -> list[str]:
    """What the charge point said, field by field, and why it was not done."""
    said = {} if result.response is None else result.response
    lines = [f"  {name}: {value if isinstance(value, str) else json.dumps(value)}" for name, value in said.items()]
    if result.error is not None:
        lines.append("  " + ": ".join(part for part in (result.error.code, result.error.description) if part))
    return lines


def _plain(models: Sequence[Model]) -> list[dict[str, Any]]:
    return [model.model_dump(mode="json") for model in models]


def _print(picture: RenderableType) -> None:
    Console().print(picture)


def _print_json(document: object) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
