"""What a visitor may do: everything, or look alone. What runs for a request can ask."""

from contextvars import ContextVar
from enum import StrEnum


class Role(StrEnum):
    ALL = "all"
    READ = "read"


_role: ContextVar[Role] = ContextVar("heimdall_role", default=Role.ALL)

READS_ALONE = "this token is for looking alone: it neither steers nor publishes"


def set_role(role: Role) -> None:
    """For the request that this task serves, and for the threads that work for it."""
    _role.set(role)


def may_change() -> bool:
    """Whether who asks may steer, publish and change. True where nobody asks from outside."""
    return _role.get() is Role.ALL
