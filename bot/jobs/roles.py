"""What a process does; several may share one database, each with roles of its own."""

from __future__ import annotations

from typing import Literal, get_args

# gateway: hears commands and shows what was asked for · worker: takes stored jobs further
# media: prepares files and finishes videos, which takes a core for minutes
Role = Literal["gateway", "worker", "media"]
ROLES: frozenset[Role] = frozenset(get_args(Role))


def parse_roles(text: str | frozenset[Role]) -> frozenset[Role]:
    """Read roles as an operator writes them, such as `worker,media`. `ValueError` for anything else."""
    named = frozenset(text.replace(",", " ").split()) if isinstance(text, str) else text
    roles = frozenset(role for role in ROLES if role in named)
    if not roles or roles != named:
        raise ValueError("is not written like gateway,worker,media, which are all that there are")
    return roles
