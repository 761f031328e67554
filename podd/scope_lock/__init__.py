"""One table for all pods of a user: who may write where, and the proof of death."""

from podd.scope_lock.allocation import Allocation, Request, allocate, give_back
from podd.scope_lock.conflict import Conflict
from podd.scope_lock.lease import Lease, Release, adopt
from podd.scope_lock.listing import (
    AllocationView,
    Holder,
    Holders,
    allocations,
    holders_of,
    live_pods,
)
from podd.scope_lock.reclaim import Freed, reclaim
from podd.scope_lock.table import SetAside, Table

__all__ = [
    "Allocation",
    "AllocationView",
    "Conflict",
    "Freed",
    "Holder",
    "Holders",
    "Lease",
    "Release",
    "Request",
    "SetAside",
    "Table",
    "adopt",
    "allocate",
    "allocations",
    "give_back",
    "holders_of",
    "live_pods",
    "reclaim",
]
