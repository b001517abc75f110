"""Durable memory: tables, the group commit, and what is read back. Implements domain.ports.Store."""

from csms.domain.failures import StoreFailed
from csms.store.async_store import AsyncStore
from csms.store.database import StoreInUse
from csms.store.retention import Retention
from csms.store.sync_store import SyncStore

__all__ = ["AsyncStore", "Retention", "StoreFailed", "StoreInUse", "SyncStore"]
