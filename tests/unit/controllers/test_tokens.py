"""The token controller: token Secrets are filled, given to accounts, and go with them."""

from dataclasses import replace as with_

from steersman.api.core import ObjectReference, Secret, ServiceAccount
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.controllers.tokens.plan import (
    ACCOUNT_NAME,
    TOKEN_TYPE,
    AccountView,
    SecretView,
    plan_account,
    plan_secret,
    token_name,
)
from steersman.reconcile.plan import NOTHING, Create, Delete, Update

ACCOUNT = ServiceAccount(metadata=ObjectMeta(name="web", namespace="a", uid="u1"))
SECRET = Secret(metadata=ObjectMeta(name="s", namespace="a", annotations={ACCOUNT_NAME: "web"}), type=TOKEN_TYPE)
DATA = {"token": b"t", "ca.crt": b"CA", "namespace": b"a"}


def test_an_empty_token_secret_is_filled_and_then_left_alone() -> None:
    (update,) = plan_secret(SecretView(SECRET, ACCOUNT, DATA)).actions
    assert isinstance(update, Update)
    assert isinstance(update.object, Secret)
    assert update.object.data == DATA
    assert plan_secret(SecretView(update.object, ACCOUNT, DATA)) == NOTHING


def test_a_new_ca_is_put_in_and_the_token_stays() -> None:
    (filled,) = plan_secret(SecretView(SECRET, ACCOUNT, DATA)).actions
    assert isinstance(filled, Update)
    assert isinstance(filled.object, Secret)
    view = SecretView(filled.object, ACCOUNT, {**DATA, "ca.crt": b"NEW", "token": b"other"})
    (update,) = plan_secret(view).actions
    assert isinstance(update, Update)
    assert isinstance(update.object, Secret)
    assert update.object.data == {**DATA, "ca.crt": b"NEW"}


def test_a_token_secret_goes_with_its_account() -> None:
    assert plan_secret(SecretView(SECRET, None, {})).actions == (Delete(SECRET, same_version=True),)


def test_an_account_gets_its_secret_once_that_has_a_token() -> None:
    view = AccountView(ACCOUNT, ())
    (create,) = plan_account(view).actions
    assert isinstance(create, Create)
    assert create.object.metadata.name == token_name(ACCOUNT)
    assert isinstance(create.object, Secret)
    assert plan_account(with_(view, secrets=(create.object,))) == NOTHING
    filled = replace(create.object, data=DATA)
    (update,) = plan_account(with_(view, secrets=(filled,))).actions
    assert isinstance(update, Update)
    named = replace(ACCOUNT, secrets=(ObjectReference(name=token_name(ACCOUNT)),))
    assert update.object == named
    assert plan_account(AccountView(named, (filled,))) == NOTHING
