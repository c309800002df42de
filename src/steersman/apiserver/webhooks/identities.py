"""Who the server is to admission webhooks: the users of a kubeconfig file, by the hosts they are for.

Source: apiserver/pkg/util/webhook/authentication.go; apiserver/pkg/admission/plugin/webhook/config.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.codec.yaml import parse
from steersman.component.keypair import KeyPair

HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class Identity:
    """What a request carries to say who sends it: an Authorization header, a client certificate, or neither."""

    authorization: str = ""
    pair: KeyPair | None = None


NOBODY = Identity()


class Identities:
    """The identities by host: `name.namespace.svc:port`, `*.example.com`, or `*` for all others."""

    def __init__(self, users: Mapping[str, Identity] | None = None, current: str = "") -> None:
        self._users = users or {}
        self._current = current

    def of(self, host: str, port: int) -> Identity:
        """The identity for a host: the closest name, with its port first; else the file's current user."""
        names = [f"{host}:{port}"]
        if port == HTTPS_PORT:
            names.append(host)
        for name in names:
            steps = name.split(".")
            for wanted in (name, *(f"*.{'.'.join(steps[start:])}" for start in range(1, len(steps)))):
                if wanted in self._users:
                    return self._users[wanted]
        return self._users.get("*") or self._users.get(self._current) or NOBODY


def read_identities(file: Path) -> Identities:
    """Those of a kubeconfig file and of the files it names. Blocks. OSError or ValueError for what can't be used."""
    try:
        document = parse(file.read_bytes())
    except DecodeError as error:
        raise ValueError(f"{file}: {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{file}: it is no kubeconfig")
    users = {str(name): _identity(user, file) for name, user in _entries(document, "users", "user")}
    contexts = dict(_entries(document, "contexts", "context"))
    current = contexts.get(document.get("current-context") or "", {})
    return Identities(users, str(current.get("user") or ""))


def _entries(document: Mapping[str, Any], section: str, key: str) -> list[tuple[str, dict[str, Any]]]:
    return [(one.get("name") or "", one.get(key) or {}) for one in document.get(section) or () if isinstance(one, dict)]


def _identity(user: Mapping[str, Any], file: Path) -> Identity:
    cert, key = _data(user, "client-certificate", file), _data(user, "client-key", file)
    token = str(user.get("token") or "")
    if not token and user.get("tokenFile"):
        token = (file.parent / user["tokenFile"]).read_text().strip()
    authorization = f"Bearer {token}" if token else ""
    if not token and user.get("username"):
        pair = f"{user['username']}:{user.get('password') or ''}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return Identity(authorization, KeyPair(cert, key) if cert and key else None)


def _data(user: Mapping[str, Any], name: str, file: Path) -> bytes:
    """What stands in the file itself, or in one it names."""
    inline = user.get(f"{name}-data")
    if inline:
        return base64.b64decode(inline)
    return (file.parent / user[name]).read_bytes() if user.get(name) else b""
