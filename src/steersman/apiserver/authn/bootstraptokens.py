"""Bootstrap tokens, with which nodes join: Secrets of kube-system, as good as what these say.

Source: plugin/pkg/auth/authenticator/token/bootstrap; cluster-bootstrap/token/util, util/secrets.
"""

import re
from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest

from steersman.api import core
from steersman.apimachinery.times import parse_time
from steersman.apiserver.authn.tokens import Known, known_to
from steersman.apiserver.user import UserInfo
from steersman.component.clock import Clock
from steersman.component.log import get_logger

_log = get_logger(__name__)

NAMESPACE, NAME_PREFIX = "kube-system", "bootstrap-token-"
SECRET_TYPE = "bootstrap.kubernetes.io/token"  # the name of a type
USER_PREFIX, GROUP = "system:bootstrap:", "system:bootstrappers"
TOKEN = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
EXTRA_GROUP = re.compile(r"system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]")

# A Secret of kube-system by its name, or None.
FindSecret = Callable[[str], core.Secret | None]


class BootstrapTokens:
    """Knows the users of bootstrap tokens."""

    def __init__(self, find: FindSecret, own_audiences: tuple[str, ...], clock: Clock) -> None:
        self._find = find
        self._own = own_audiences
        self._clock = clock

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Source of TokenAuthenticator.verify: a token that isn't good is none of ours."""
        parts = TOKEN.fullmatch(token)
        secret = self._find(f"{NAME_PREFIX}{parts[1]}") if parts else None
        if parts is None or secret is None:
            return None
        user, problem = judged(secret, parts[1], parts[2], self._clock.now())
        if problem:
            _log.info("a bootstrap token isn't good", secret=secret.metadata.name, problem=problem)
        return known_to(user, audiences, self._own)


def judged(secret: core.Secret, token_id: str, token_secret: str, now: datetime) -> tuple[UserInfo | None, str]:
    """The user that the Secret lets in by this token, or what is wrong."""
    data = secret.data
    if secret.metadata.deletionTimestamp is not None:
        return None, "is deleted and awaiting removal"
    if secret.type != SECRET_TYPE:
        return None, f"has invalid type, expected {SECRET_TYPE}"
    if not compare_digest(data.get("token-secret", b""), token_secret.encode()):
        return None, "has invalid value for key token-secret"
    if data.get("token-id", b"") != token_id.encode():
        return None, f"has invalid value for key token-id, expected {token_id}"
    if has_expired(secret, now):
        return None, "has expired"
    if data.get("usage-bootstrap-authentication") != b"true":
        return None, "not marked usage-bootstrap-authentication=true"
    extra = data.get("auth-extra-groups", b"").decode(errors="replace")
    groups = [one for one in extra.split(",") if extra]
    if not all(EXTRA_GROUP.fullmatch(one) for one in groups):
        return None, "has invalid value for key auth-extra-groups"
    return UserInfo(f"{USER_PREFIX}{token_id}", groups=tuple(sorted({GROUP, *groups}))), ""


def has_expired(secret: core.Secret, now: datetime) -> bool:
    """Whether its time is over; one that can't be read is over."""
    text = secret.data.get("expiration", b"")
    if not text:
        return False
    try:
        return parse_time(text.decode()) <= now
    except ValueError:
        return True
