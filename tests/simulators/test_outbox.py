"""What a charge point still has to tell, and of how many connectors that changes what is thought of them."""

from typing import Any

import pytest

from simulators.connector import Transaction
from simulators.frames import Call
from simulators.outbox import Outbox


def about(connector_id: int, action: str, **payload: Any) -> Call:
    return Call(action, payload, Transaction(1, connector_id, "TAG", 0.0, 0.0))


@pytest.mark.parametrize(
    ("calls", "untold"),
    [
        ([], 0),
        ([Call("Heartbeat", {}), about(1, "MeterValues")], 0),
        ([about(1, "StartTransaction")], 1),
        ([about(1, "StopTransaction"), about(1, "StartTransaction")], 1),
        ([about(1, "StopTransaction"), about(2, "StartTransaction")], 2),
        ([about(1, "TransactionEvent", eventType="Updated")], 0),
        ([about(1, "TransactionEvent", eventType="Started"), about(2, "TransactionEvent", eventType="Ended")], 2),
    ],
)
def test_a_transaction_that_began_or_ended_is_untold_until_it_was_answered(calls: list[Call], untold: int) -> None:
    outbox = Outbox()
    outbox.add(calls)
    assert outbox.untold == untold
    outbox.in_flight = outbox.take()
    assert outbox.untold == untold
    while outbox.in_flight is not None:
        outbox.in_flight = outbox.take()
    assert outbox.untold == 0
