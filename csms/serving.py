"""What the commands do that need the whole central system; csms.cli has their names, arguments and help."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import structlog
import typer
import uvloop
from pydantic import ValidationError

from csms import logs
from csms.app import Application, CannotListen, RandomIds, SystemClock, certificate_desk, listeners
from csms.certificates.signing import AuthorityUnusable
from csms.charge_points.tls import TlsUnusable
from csms.config import Config, ConfigInvalid, find_path, load
from csms.demo import run_demo
from csms.domain.authorization import IdToken
from csms.domain.failures import StoreFailed
from csms.domain.model import SmartCharging
from csms.domain.ports import Clock
from csms.domain.records import RecordQuery
from csms.domain.state import Row
from csms.estate import ids_elsewhere, seed_site
from csms.exits import failed
from csms.garbage import look_seldom
from csms.id_tokens import seed_tokens
from csms.site_config import SiteConfig
from csms.smart_charging import SmartChargingConfig, from_domain
from csms.store.async_store import AsyncStore
from csms.store.backup import BackupFailed, back_up
from csms.store.backup import restore as restore_backup
from csms.store.database import StoreInUse
from csms.store.retention import Retention
from csms.validation import field_errors

log = structlog.get_logger()

_SHUTDOWN_S = 9.0
"""SIGTERM ends the process within ten seconds (what service managers give before they kill)."""


def serve(config: Path | None) -> None:
    settings = _load(find_path(os.environ, config))
    logs.configure(level=getattr(logging, settings.log.level.upper()), form=settings.log.format)
    if settings.ocpp.without_effect:
        log.warning("config.without_effect", settings=[f"ocpp.{name}" for name in settings.ocpp.without_effect])
    try:
        uvloop.run(_serve(settings))
    except StoreFailed as error:
        raise failed(f"{_database(settings)}: {error}") from error
    except (StoreInUse, AuthorityUnusable, TlsUnusable, CannotListen, OSError) as error:
        raise failed(_said(error)) from error


def demo(seconds: float | None, seed: int, screenshot: Path | None) -> None:
    uvloop.run(run_demo(_running, seconds=seconds, seed=seed, screenshot=screenshot))


def check_config(path: Path) -> None:
    config = _load(path)
    _check_files(config)
    typer.echo(f"{path}: {len(config.sites)} site(s), no errors")
    for name in config.ocpp.without_effect:
        typer.echo(f"ocpp.{name} has no effect: [[ocpp.listeners]] say where charge points connect")
    # A store that does not exist yet has nothing to overrule, and looking must not create it.
    if _database(config).exists():
        try:
            lines = asyncio.run(_differences(config))
        except (StoreFailed, OSError) as error:
            raise failed(f"{_database(config)}: {error}") from error
        for line in lines:
            typer.echo(line)


def backup(path: Path, config: Path | None) -> None:
    database = _database(_load(find_path(os.environ, config)))
    try:
        size = back_up(database, path)
    except (BackupFailed, OSError) as error:
        raise failed(str(error)) from error
    typer.echo(f"{path}: {size / 1e6:.1f} MB, complete and checked")


def restore(path: Path, config: Path | None) -> None:
    database = _database(_load(find_path(os.environ, config)))
    aside = database.with_name(f"{database.name}.before-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    try:
        existed = restore_backup(path, database, aside)
    except (BackupFailed, StoreInUse, OSError) as error:
        raise failed(str(error)) from error
    typer.echo(f"{database}: restored from {path}")
    if existed:
        typer.echo(f"{aside}: the database as it was before")


def _load(path: Path) -> Config:
    try:
        return load(path)
    except ConfigInvalid as invalid:
        for error in invalid.errors:
            names_file = error.path == str(path) or error.path.startswith(f"{path}:")
            typer.echo(f"{error}" if names_file else f"{path}: {error}", err=True)
        raise typer.Exit(2) from invalid


def _said(error: Exception) -> str:
    """Of a file: its name and what is wrong with it."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _database(config: Config) -> Path:
    return Path(config.storage.url.removeprefix("sqlite+aiosqlite:///"))


def _check_files(config: Config) -> None:
    """The certificates and keys that it names can be used."""
    try:
        listeners(config.ocpp)
        certificate_desk(config)
    except (TlsUnusable, AuthorityUnusable) as unusable:
        raise failed(str(unusable)) from unusable


@contextlib.asynccontextmanager
async def _running(config: Config) -> AsyncIterator[tuple[Application, int, int]]:
    """A running central system and its two ports, for charge points and for the API."""
    clock = SystemClock()
    store = await AsyncStore.open(config.storage.url, retention=_retention(config, clock))
    try:
        application = Application(config, store=store, clock=clock, ids=RandomIds())
    except AuthorityUnusable:
        await store.close()
        raise
    try:
        await application.load()
        yield application, *await application.listen()
    finally:
        async with asyncio.timeout(_SHUTDOWN_S):
            await application.stop()
            await store.close()


def _retention(config: Config, clock: Clock) -> Retention:
    kept = config.retention
    return Retention(
        now=clock.now,
        meter_samples_days=kept.meter_samples_days,
        history_days=kept.history_days,
        events_days=kept.events_days,
        commands_days=kept.commands_days,
        audit_days=kept.audit_days,
        deliveries_days=kept.deliveries_days,
    )


async def _serve(config: Config) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with _running(config) as (application, _, _):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, application.reload_certificates)
        look_seldom()
        await ended.wait()
        log.info("stopping")
    log.info("stopped")


async def _differences(config: Config) -> list[str]:
    """Where the store overrules the file; a store that is in use is left alone."""
    try:
        store = await AsyncStore.open(config.storage.url)
    except StoreInUse:
        return ["the store is in use; differences between it and the file are not shown"]
    try:
        now, lines = SystemClock().now(), []
        for site in config.sites:
            made = await seed_site(store, site, ids_elsewhere(config.sites, site.site_id), now)
            lines += [f"site {site.site_id}: {name} was changed over REST; the store wins" for name in made.overruled]
            if site.smart_charging is None or "smart_charging" in made.overruled:
                lines += _misfits(site, await store.load_site(site.site_id, now))
        stored = (await store.records(RecordQuery(IdToken))).items
        tokens = seed_tokens(config.id_token_seeds(now.utc_s), stored)
        if tokens.overruled:
            lines.append(f"id_tokens: {tokens.overruled} of the file were changed over REST; the store wins")
        return lines
    finally:
        await store.close()


def _misfits(site: SiteConfig, stored: Sequence[Row]) -> list[str]:
    """What of the stored smart charging does not fit the site as the file declares it now."""
    kept = next((row for row in stored if isinstance(row, SmartCharging)), None)
    try:
        if kept is not None:
            SmartChargingConfig.model_validate(from_domain(kept).model_dump(), context=site.rules())
    except ValidationError as invalid:
        name = f"site {site.site_id}: smart_charging as stored"
        return [f"{name}: {error.field} {error.rule}" for error in field_errors(invalid)]
    return []
