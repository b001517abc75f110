"""The sections of config.toml for whoever operates the process: [metrics], [webhooks], [log] and [retention]."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import Field

from csms.validation import Section, matching

HostName = Annotated[str, matching(r"[a-z0-9.:-]{1,255}", "must be a host name or an address, in lower case")]
Days = Annotated[int, Ge(1), Le(36_500)]


class MetricsConfig(Section):
    """[metrics]: what Prometheus reads. `public`: without a key."""

    public: bool = False


class LogConfig(Section):
    """[log]. `format` auto is console where standard error is a terminal, else json."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


class WebhooksConfig(Section):
    """[webhooks]: where deliveries may go besides addresses of the internet."""

    allow_private_addresses: bool = False
    allowed_hosts: list[HostName] = Field(default_factory=list)


class RetentionConfig(Section):
    """[retention]: see store.retention.Retention."""

    meter_samples_days: Days = 30
    history_days: Days = 400
    events_days: Days = 400
    commands_days: Days = 400
    audit_days: Days = 400
    deliveries_days: Days = 7
