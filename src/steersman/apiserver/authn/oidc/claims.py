"""What makes a user of the claims of a token whose signature is good. Pure.

Source: apiserver/plugin/pkg/authenticator/token/oidc/oidc.go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.authn.accounts import CREDENTIAL_ID
from steersman.apiserver.authn.oidc.configuration import JWTAuthenticator
from steersman.apiserver.authn.oidc.expressions import (
    Expression,
    ExpressionFailed,
    about_claims,
    about_user,
    compile_about_claims,
    compile_about_user,
)
from steersman.apiserver.user import UserInfo

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """An expression that must be true, and what is said where it isn't."""

    expression: Expression
    message: str


@dataclass(frozen=True, slots=True)
class Mapper:
    """The expressions of a configuration without faults, compiled."""

    username: Expression | None
    groups: Expression | None
    uid: Expression | None
    extra: tuple[tuple[str, Expression], ...]
    claim_rules: tuple[Rule, ...]
    user_rules: tuple[Rule, ...]


def mapper_of(configured: JWTAuthenticator) -> Mapper:
    """Compile what `validation` has found to be right."""
    mappings = configured.claimMappings
    username, groups, uid = (
        compile_about_claims(one.expression) if one.expression else None
        for one in (mappings.username, mappings.groups, mappings.uid)
    )
    return Mapper(
        username,
        groups,
        uid,
        tuple((one.key, compile_about_claims(one.valueExpression)) for one in mappings.extra),
        tuple(
            Rule(compile_about_claims(one.expression, is_rule=True), one.message)
            for one in configured.claimValidationRules
            if one.expression
        ),
        tuple(Rule(compile_about_user(one.expression), one.message) for one in configured.userValidationRules),
    )


def user_of(configured: JWTAuthenticator, mapper: Mapper, claims: Claims) -> UserInfo:
    """The user. Unauthorized where claims are missing, or a rule isn't kept."""
    user = UserInfo(
        _username(configured, mapper, claims),
        _uid(configured, mapper, claims),
        _groups(configured, mapper, claims),
        _extra(mapper, claims),
    )
    for rule in configured.claimValidationRules:
        if rule.claim:
            _check_required(claims, rule.claim, rule.requiredValue)
    for kept in mapper.claim_rules:
        _check_rule(kept, lambda one: about_claims(one, claims), "error evaluating claim validation expression")
    for kept in mapper.user_rules:
        _check_rule(kept, lambda one: about_user(one, user), "error evaluating user info validation rule")
    return user


def _username(configured: JWTAuthenticator, mapper: Mapper, claims: Claims) -> str:
    if mapper.username is not None:
        value = _value(mapper.username, claims, "username claim expression")
        if not isinstance(value, str):
            raise _refused("error evaluating username claim expression: username claim expression must return a string")
        if not value:
            raise _refused("empty username via CEL expression is not allowed")
        return value
    mapping = configured.claimMappings.username
    name = _text(claims, mapping.claim, f'parse username claims "{mapping.claim}"')
    if mapping.claim == "email" and "email_verified" in claims:
        verified = claims["email_verified"]
        if not isinstance(verified, bool):
            raise _refused("parse 'email_verified' claim: it is no boolean")
        if not verified:
            raise _refused("email not verified")
    return f"{mapping.prefix or ''}{name}"


def _groups(configured: JWTAuthenticator, mapper: Mapper, claims: Claims) -> tuple[str, ...]:
    mapping = configured.claimMappings.groups
    if mapping.claim and mapping.claim in claims:
        given = claims[mapping.claim]
        # Some have one role instead of a list of them.
        names = [given] if isinstance(given, str) else given
        if not isinstance(names, list | None) or not all(isinstance(one, str) for one in names or ()):
            raise _refused(f'parse groups claim "{mapping.claim}": it is no list of strings')
        return tuple(f"{mapping.prefix or ''}{one}" for one in names or ())
    if mapper.groups is None:
        return ()
    value = _value(mapper.groups, claims, "group claim expression")
    return _listed(value, "error evaluating group claim expression")


def _uid(configured: JWTAuthenticator, mapper: Mapper, claims: Claims) -> str:
    claim = configured.claimMappings.uid.claim
    if claim:
        return _text(claims, claim, f'parse uid claim "{claim}"')
    if mapper.uid is None:
        return ""
    value = _value(mapper.uid, claims, "uid claim expression")
    if not isinstance(value, str):
        raise _refused("error evaluating uid claim expression: uid claim expression must return a string")
    return value


def _extra(mapper: Mapper, claims: Claims) -> dict[str, tuple[str, ...]]:
    token_id = claims.get("jti")
    extra: dict[str, tuple[str, ...]] = {}
    if isinstance(token_id, str) and token_id:
        extra[CREDENTIAL_ID] = (f"JTI={token_id}",)
    for key, expression in mapper.extra:
        try:
            value = about_claims(expression, claims)
        except ExpressionFailed as error:
            raise Unauthorized(str(error)) from error
        values = _listed(value, f"error evaluating extra claim expression: {expression.text}")
        if values:
            extra[key] = values
    return extra


def _check_required(claims: Claims, claim: str, wanted: str) -> None:
    if claim not in claims:
        raise _refused(f"required claim {claim} not present in ID token")
    given = claims[claim]
    if not isinstance(given, str):
        raise _refused(f"parse claim {claim}: it is no string")
    if given != wanted:
        raise _refused(f"required claim {claim} value does not match. Got = {given}, want = {wanted}")


def _check_rule(rule: Rule, evaluate: Callable[[Expression], Any], doing: str) -> None:
    try:
        value = evaluate(rule.expression)
    except ExpressionFailed as error:
        raise _refused(f"{doing}: {error}") from error
    if not isinstance(value, bool):
        raise _refused(f"{doing}: validation expression must return a boolean")
    if not value:
        raise _refused(f"{doing}: validation expression '{rule.expression.text}' failed: {rule.message}")


def _value(expression: Expression, claims: Claims, what: str) -> Any:
    try:
        return about_claims(expression, claims)
    except ExpressionFailed as error:
        raise _refused(f"error evaluating {what}: {error}") from error


def _listed(value: Any, doing: str) -> tuple[str, ...]:
    """A string or several; empty ones count as none. Unauthorized for anything else."""
    if value is None:
        return ()
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(one, str) for one in texts):
        raise _refused(f"{doing}: expression must return a string or a list of strings")
    return tuple(filter(None, texts))


def _text(claims: Claims, claim: str, doing: str) -> str:
    if claim not in claims:
        raise _refused(f"{doing}: claim not present")
    value = claims[claim]
    if not isinstance(value, str):
        raise _refused(f"{doing}: it is no string")
    return value


def _refused(why: str) -> Unauthorized:
    return Unauthorized(f"oidc: {why}")
