"""Records: kept by key, found by column, removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from csms.domain.ports import Store
from csms.domain.records import RecordQuery, Told

CABLE = Told("CP-1", "variable", "cable", 1.0, {"max_current_a": [32, 16.5], "locked": True, "by": None})


def _all(**where: str) -> RecordQuery[Told]:
    return RecordQuery(Told, where=where)


async def test_a_record_is_read_as_it_was_saved(store: Store) -> None:
    await store.save(CABLE)
    assert (await store.records(_all())).items == (CABLE,)


async def test_a_record_of_the_same_key_replaces_the_earlier_one(store: Store) -> None:
    await store.save(CABLE)
    newer = replace(CABLE, at_s=2.0, value={})
    await store.save(newer)
    assert (await store.records(_all())).items == (newer,)


async def test_records_are_found_by_their_columns(store: Store) -> None:
    other = replace(CABLE, charge_point_id="CP-2")
    await store.save(CABLE, other)
    assert (await store.records(_all(charge_point_id="CP-2"))).items == (other,)
    one_of = RecordQuery(Told, where={"charge_point_id": ["CP-1", "CP-3"]})
    assert (await store.records(one_of)).items == (CABLE,)


async def test_a_page_says_how_many_there_are(store: Store) -> None:
    many = [replace(CABLE, name=f"{n:02}") for n in range(10)]
    await store.save(*many)
    page = await store.records(RecordQuery(Told, newest_first=True, limit=3, offset=2))
    assert page.items == (many[7], many[6], many[5])
    assert page.total == 10


async def test_a_removed_record_is_gone_and_the_others_stay(store: Store) -> None:
    other = replace(CABLE, name="other")
    await store.save(CABLE, other)
    await store.remove(Told, ("CP-1", "variable", "cable"), ("CP-9", "variable", "never there"))
    assert (await store.records(_all())).items == (other,)


async def test_what_is_saved_after_its_removal_is_there_whether_or_not_they_share_a_commit(store: Store) -> None:
    store.save(CABLE)
    store.remove(Told, ("CP-1", "variable", "cable"))
    await store.save(CABLE)
    assert (await store.records(_all())).items == (CABLE,)


async def test_a_key_of_another_length_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="zip"):
        store.remove(Told, ("CP-1",))
