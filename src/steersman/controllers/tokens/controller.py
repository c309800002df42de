"""The token controller: fills token Secrets, and with upstream's old switch makes one for every account."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from steersman.api.core import Secret, ServiceAccount
from steersman.api.meta import Kind
from steersman.controllers.tokens.plan import (
    ACCOUNT_NAME,
    ACCOUNT_UID,
    CA_KEY,
    NAMESPACE_KEY,
    TOKEN_KEY,
    TOKEN_TYPE,
    AccountView,
    SecretView,
    plan_account,
    plan_secret,
)
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan

# Signs the token of a Secret of an account.
Sign = Callable[[ServiceAccount, Secret], str]
ACCOUNT = "account"


class Key(NamedTuple):
    """A Secret or an account."""

    kind: type[Kind]
    namespace: str
    name: str


class TokenController:
    """Fills the Secrets of type `kubernetes.io/service-account-token`."""

    name = "legacy-serviceaccount-token-controller"

    def __init__(self, ca_pem: str, sign: Sign, *, makes_tokens: bool) -> None:
        self._ca = ca_pem.encode()
        self._sign = sign
        self._makes_tokens = makes_tokens

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Accounts and Secrets; each concerns the other."""
        return (
            Watch(ServiceAccount, self._keys_of_account),
            Watch(Secret, self._keys_of_secret, indexes=((ACCOUNT, _account_of),)),
        )

    async def observe(self, reader: Reader, key: Key) -> SecretView | AccountView | None:
        """A token Secret with its account, or an account with its token Secrets."""
        if key.kind is ServiceAccount:
            account = reader.cache(ServiceAccount).get(key.namespace, key.name)
            if account is None or account.metadata.deletionTimestamp is not None:
                return None
            return AccountView(account, tuple(self._secrets(reader, account)))
        secret = reader.cache(Secret).get(key.namespace, key.name)
        if secret is None or secret.type != TOKEN_TYPE:
            return None
        return await self._observe_secret(reader, secret)

    def plan(self, view: SecretView | AccountView, now: datetime) -> Plan:
        """See `plan_secret` and `plan_account`."""
        return plan_account(view) if isinstance(view, AccountView) else plan_secret(view)

    async def _observe_secret(self, reader: Reader, secret: Secret) -> SecretView:
        meta = secret.metadata
        account = reader.cache(ServiceAccount).get(meta.namespace, meta.annotations.get(ACCOUNT_NAME, ""))
        uid = meta.annotations.get(ACCOUNT_UID)
        if account is None or (uid is not None and account.metadata.uid != uid):
            # The cache may not have it yet, and a Secret deleted by mistake doesn't come back.
            name = meta.annotations.get(ACCOUNT_NAME, "")
            found = await reader.live.list(ServiceAccount, meta.namespace, field_selector=f"metadata.name={name}")
            account = next((one for one in found.items if uid in (None, one.metadata.uid)), None)
        if account is None:
            return SecretView(secret, None, {})
        signed = secret.data.get(TOKEN_KEY) or self._sign(account, secret).encode()
        data = {TOKEN_KEY: signed, CA_KEY: self._ca, NAMESPACE_KEY: meta.namespace.encode()}
        return SecretView(secret, account, data)

    def _secrets(self, reader: Reader, account: ServiceAccount) -> Iterable[Secret]:
        meta = account.metadata
        for secret in reader.cache(Secret).by_index(ACCOUNT, f"{meta.namespace}/{meta.name}"):
            if secret.metadata.annotations.get(ACCOUNT_UID, meta.uid) == meta.uid:
                yield secret

    def _keys_of_account(self, reader: Reader, old: Any, new: Any) -> Iterable[Key]:
        account = new if new is not None else old
        meta = account.metadata
        if new is not None and self._makes_tokens:
            yield Key(ServiceAccount, meta.namespace, meta.name)
        if new is None:
            for secret in reader.cache(Secret).by_index(ACCOUNT, f"{meta.namespace}/{meta.name}"):
                yield Key(Secret, meta.namespace, secret.metadata.name)

    def _keys_of_secret(self, reader: Reader, old: Any, new: Any) -> Iterable[Key]:
        secret = new if new is not None else old
        if secret.type != TOKEN_TYPE:
            return
        meta = secret.metadata
        yield Key(Secret, meta.namespace, meta.name)
        if self._makes_tokens:
            yield Key(ServiceAccount, meta.namespace, meta.annotations.get(ACCOUNT_NAME, ""))


def _account_of(secret: Secret) -> tuple[str, ...]:
    meta = secret.metadata
    if secret.type != TOKEN_TYPE:
        return ()
    return (f"{meta.namespace}/{meta.annotations.get(ACCOUNT_NAME, '')}",)
