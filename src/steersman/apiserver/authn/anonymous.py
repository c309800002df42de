"""Who presents nothing: anonymous, if that is allowed, perhaps at some paths only.

Source: apiserver/pkg/authentication/request/anonymous/anonymous.go; KEP-4633.
"""

from dataclasses import dataclass
from urllib.parse import unquote

from steersman.apiserver.attributes import Presented
from steersman.apiserver.user import ANONYMOUS, UNAUTHENTICATED_GROUP, UserInfo

NOBODY = UserInfo(ANONYMOUS, groups=(UNAUTHENTICATED_GROUP,))


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Whether there are anonymous requests; paths: the only ones for them, all if there are none."""

    is_allowed: bool = True
    paths: tuple[str, ...] = ()

    def user(self, presented: Presented) -> UserInfo | None:
        """The anonymous user; None where nobody may be anonymous."""
        if not self.is_allowed or (self.paths and unquote(presented.path) not in self.paths):
            return None
        return NOBODY
