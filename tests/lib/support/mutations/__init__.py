"""One broken rule each: an exact string of the source and what it becomes."""

from support.mutations.mutation import Mutation
from support.mutations.of_decisions import OF_DECISIONS
from support.mutations.of_the_ledger import OF_THE_LEDGER

__all__ = ["MUTATIONS", "Mutation"]

MUTATIONS = OF_THE_LEDGER + OF_DECISIONS
