"""What becomes of a token Secret, and whether a ServiceAccount gets one by itself. Pure.

Source: pkg/controller/serviceaccount/tokens_controller.go.
"""

import hashlib
from dataclasses import dataclass

from steersman.api.core import ObjectReference, Secret, ServiceAccount
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.reconcile.plan import NOTHING, Create, Delete, Plan, Update

TOKEN_TYPE = "kubernetes.io/service-account-token"  # the type's name
ACCOUNT_NAME, ACCOUNT_UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
TOKEN_KEY, CA_KEY, NAMESPACE_KEY = "token", "ca.crt", "namespace"
SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH = 5


@dataclass(frozen=True, slots=True)
class SecretView:
    """A token Secret, the account it names if that is there, and the data it should have."""

    secret: Secret
    account: ServiceAccount | None
    data: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account that is to have a token of its own, and the token Secrets that name it."""

    account: ServiceAccount
    secrets: tuple[Secret, ...]


def plan_secret(view: SecretView) -> Plan:
    """Fill in what is missing; a Secret whose account is gone goes too."""
    secret = view.secret
    if view.account is None:
        return Plan((Delete(secret, same_version=True),))
    missing = {key: value for key, value in view.data.items() if not secret.data.get(key)}
    outdated = secret.data.get(CA_KEY) != view.data[CA_KEY]
    annotations = {**secret.metadata.annotations, ACCOUNT_UID: view.account.metadata.uid}
    if not missing and not outdated and annotations == secret.metadata.annotations:
        return NOTHING
    data = {**secret.data, **missing, CA_KEY: view.data[CA_KEY]}
    meta = replace(secret.metadata, annotations=annotations)
    return Plan((Update(replace(secret, data=data, metadata=meta)),))


def plan_account(view: AccountView) -> Plan:
    """Make a token Secret for an account without one; the account names it once it has its token."""
    account, present = view.account, {one.metadata.name: one for one in view.secrets}
    named = [ref for ref in account.secrets if ref.name in present]
    if named:
        return NOTHING
    own = present.get(token_name(account))
    if own is None:
        return Plan((Create(_empty_secret(account), exists_is_fine=True),))
    if not own.data.get(TOKEN_KEY):
        return NOTHING  # the Secret's own change comes by here
    reference = ObjectReference(name=own.metadata.name)
    return Plan((Update(replace(account, secrets=(*account.secrets, reference))),))


def token_name(account: ServiceAccount) -> str:
    """The name of the Secret made for an account: upstream's is random, ours is the account's for ever."""
    digest = hashlib.sha256(account.metadata.uid.encode()).digest()
    suffix = "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in digest[:SUFFIX_LENGTH])
    return f"{account.metadata.name}-token-{suffix}"


def _empty_secret(account: ServiceAccount) -> Secret:
    meta = account.metadata
    annotations = {ACCOUNT_NAME: meta.name, ACCOUNT_UID: meta.uid}
    made = ObjectMeta(name=token_name(account), namespace=meta.namespace, annotations=annotations)
    return Secret(metadata=made, type=TOKEN_TYPE)
