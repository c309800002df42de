"""What is wrong with an AuthenticationConfiguration, in upstream's words. Pure.

Source: apiserver/pkg/apis/apiserver/validation/validation.go.
"""

import ssl
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from steersman.api.meta.fieldrules import domain_prefixed_path
from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.fielderrors import duplicate, invalid_value, required, too_many
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause
from steersman.apiserver.authn.oidc.configuration import (
    MATCH_ANY,
    AuthenticationConfiguration,
    ClaimMappings,
    ClaimValidationRule,
    ExtraMapping,
    Issuer,
    JWTAuthenticator,
    PrefixedClaimOrExpression,
    UserValidationRule,
)
from steersman.apiserver.authn.oidc.expressions import Expression, compile_about_claims, compile_about_user

MOST_ISSUERS = 64
RESERVED_DOMAINS = ("kubernetes.io", "k8s.io")
EGRESS = ("controlplane", "cluster")
BOTH = "claim and expression can't both be set"
UNVERIFIED = (
    "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression "
    "or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression"
)


@dataclass(slots=True)
class _Seen:
    """What the expressions of one issuer speak of."""

    faults: list[Cause] = field(default_factory=list)
    uses_email: bool = False
    uses_verified: bool = False


def faults_of(configuration: AuthenticationConfiguration, disallowed: Collection[str] = ()) -> list[Cause]:
    """Every fault; disallowed: issuers that have their own authenticator."""
    root, faults = Path("jwt"), list[Cause]()
    if len(configuration.jwt) > MOST_ISSUERS:
        return [too_many(root, len(configuration.jwt), MOST_ISSUERS)]
    urls, discoveries = set[str](), set[str]()
    for at, one in enumerate(configuration.jwt):
        path = root.at(at)
        faults += authenticator_faults(one, path, disallowed)
        issuer = one.issuer
        if issuer.url in urls:
            faults.append(duplicate(path.child("issuer", "url"), issuer.url))
        urls.add(issuer.url)
        if issuer.discoveryURL and issuer.discoveryURL in discoveries:
            faults.append(duplicate(path.child("issuer", "discoveryURL"), issuer.discoveryURL))
        discoveries.add(issuer.discoveryURL)
    anonymous = configuration.anonymous
    if anonymous is not None and not anonymous.enabled and anonymous.conditions:
        why = "enabled should be set to true when conditions are defined"
        faults.append(invalid_value(Path("anonymous").child("conditions"), anonymous.conditions, why))
    return faults


def authenticator_faults(one: JWTAuthenticator, path: Path, disallowed: Collection[str]) -> list[Cause]:
    """Every fault of one issuer's part."""
    seen = _Seen(list(_issuer_faults(one.issuer, path.child("issuer"), disallowed)))
    _check_claim_rules(one.claimValidationRules, path.child("claimValidationRules"), seen)
    _check_mappings(one.claimMappings, path.child("claimMappings"), seen)
    _check_user_rules(one.userValidationRules, path.child("userValidationRules"), seen)
    return seen.faults


def _issuer_faults(issuer: Issuer, path: Path, disallowed: Collection[str]) -> Iterator[Cause]:
    url, discovery = issuer.url, issuer.discoveryURL
    yield from _url_faults(url, path.child("url"), disallowed) if url else [required(path.child("url"))]
    if discovery:
        where = path.child("discoveryURL")
        if url and url.rstrip("/") == discovery.rstrip("/"):
            yield invalid_value(where, discovery, "discoveryURL must be different from URL")
        yield from _url_faults(discovery, where, ())
    yield from _audience_faults(issuer, path)
    if issuer.certificateAuthority:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=issuer.certificateAuthority)
        except (ssl.SSLError, ValueError):
            why = "data does not contain any valid RSA or ECDSA certificates"
            yield invalid_value(path.child("certificateAuthority"), "<omitted>", why)
    if issuer.egressSelectorType and issuer.egressSelectorType not in EGRESS:
        why = "egress selector must be either controlplane or cluster"
        yield invalid_value(path.child("egressSelectorType"), issuer.egressSelectorType, why)


def _url_faults(url: str, path: Path, disallowed: Collection[str]) -> Iterator[Cause]:
    if url in disallowed:
        listed = " ".join(sorted(disallowed))
        yield invalid_value(path, url, f"URL must not overlap with disallowed issuers: [{listed}]")
    try:
        parts = urlsplit(url)
        _ = parts.port  # a wrong one is only seen when it is asked for
    except ValueError as error:
        yield invalid_value(path, url, str(error))
        return
    for is_wrong, why in _url_rules(parts):
        if is_wrong:
            yield invalid_value(path, url, why)


def _url_rules(parts: SplitResult) -> Sequence[tuple[bool, str]]:
    return (
        (parts.scheme != "https", "URL scheme must be https"),
        ("@" in parts.netloc, "URL must not contain a username or password"),
        (bool(parts.query), "URL must not contain a query"),
        (bool(parts.fragment), "URL must not contain a fragment"),
    )


def _audience_faults(issuer: Issuer, path: Path) -> Iterator[Cause]:
    where, policy = path.child("audiences"), issuer.audienceMatchPolicy
    if not issuer.audiences:
        yield required(where, f"at least one {where} is required")
        return
    for at, audience in enumerate(issuer.audiences):
        if not audience:
            yield required(where.at(at))
        if audience in issuer.audiences[:at]:
            yield duplicate(where.at(at), audience)
    if policy != MATCH_ANY and (len(issuer.audiences) > 1 or policy):
        several = len(issuer.audiences) > 1
        need = "MatchAny for multiple audiences" if several else "empty or MatchAny for single audience"
        yield invalid_value(path.child("audienceMatchPolicy"), policy, f"audienceMatchPolicy must be {need}")


def _check_claim_rules(rules: Sequence[ClaimValidationRule], path: Path, seen: _Seen) -> None:
    claims, expressions = set[str](), set[str]()
    for at, rule in enumerate(rules):
        where = path.at(at)
        if rule.claim and rule.expression:
            seen.faults.append(invalid_value(where, rule.claim, BOTH))
        elif rule.claim:
            if rule.message:
                why = "may not be specified when claim is set"
                seen.faults.append(invalid_value(where.child("message"), rule.message, why))
            if rule.claim in claims:
                seen.faults.append(duplicate(where.child("claim"), rule.claim))
            claims.add(rule.claim)
        elif rule.expression:
            if rule.requiredValue:
                why = "may not be specified when expression is set"
                seen.faults.append(invalid_value(where.child("requiredValue"), rule.requiredValue, why))
            if rule.expression in expressions:
                seen.faults.append(duplicate(where.child("expression"), rule.expression))
                continue
            expressions.add(rule.expression)
            found = _compiled(rule.expression, where.child("expression"), _about_claims_rule, seen)
            seen.uses_verified |= found is not None and found.uses_claim("email_verified")
        else:
            seen.faults.append(required(where, "claim or expression is required"))


def _check_mappings(mappings: ClaimMappings, path: Path, seen: _Seen) -> None:
    found = _check_prefixed(mappings.username, path.child("username"), seen, is_required=True)
    if found is not None:
        seen.uses_email |= found.uses_claim("email")
        seen.uses_verified |= found.uses_claim("email_verified")
    _check_prefixed(mappings.groups, path.child("groups"), seen, is_required=False)
    uid = mappings.uid
    if uid.claim and uid.expression:
        seen.faults.append(invalid_value(path.child("uid"), "", BOTH))
    elif uid.expression:
        _compiled(uid.expression, path.child("uid", "expression"), compile_about_claims, seen)
    _check_extra(mappings.extra, path.child("extra"), seen)
    if seen.uses_email and not seen.uses_verified:
        seen.faults.append(
            invalid_value(path.child("username", "expression"), mappings.username.expression, UNVERIFIED)
        )


def _check_prefixed(
    mapping: PrefixedClaimOrExpression, path: Path, seen: _Seen, *, is_required: bool
) -> Expression | None:
    """The expression, if that is what makes the name, and it has no fault."""
    before = len(seen.faults)
    found = None
    if mapping.expression and mapping.claim:
        seen.faults.append(invalid_value(path, "", BOTH))
    elif mapping.expression:
        if mapping.prefix is not None:
            why = "may not be specified when expression is set"
            seen.faults.append(invalid_value(path.child("prefix"), mapping.prefix, why))
        found = _compiled(mapping.expression, path.child("expression"), compile_about_claims, seen)
    elif mapping.claim:
        if mapping.prefix is None:
            why = "prefix is required when claim is set. It can be set to an empty string to disable prefixing"
            seen.faults.append(required(path.child("prefix"), why))
    elif is_required:
        seen.faults.append(required(path, "claim or expression is required"))
    return found if len(seen.faults) == before else None


def _check_extra(mappings: Sequence[ExtraMapping], path: Path, seen: _Seen) -> None:
    keys = set[str]()
    for at, mapping in enumerate(mappings):
        where, key = path.at(at).child("key"), mapping.key
        seen.faults += domain_prefixed_path(key, where)
        if key != key.lower():
            seen.faults.append(invalid_value(where, key, "must be lowercase"))
        domain = key.partition("/")[0] if "/" in key else ""
        if any(domain == one or domain.endswith(f".{one}") for one in RESERVED_DOMAINS):
            why = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use"
            seen.faults.append(invalid_value(where, key, why))
        if key in keys:
            seen.faults.append(duplicate(where, key))
            continue
        keys.add(key)
        value = path.at(at).child("valueExpression")
        if not mapping.valueExpression:
            seen.faults.append(required(value))
            continue
        found = _compiled(mapping.valueExpression, value, compile_about_claims, seen)
        seen.uses_verified |= found is not None and found.uses_claim("email_verified")


def _check_user_rules(rules: Sequence[UserValidationRule], path: Path, seen: _Seen) -> None:
    expressions = set[str]()
    for at, rule in enumerate(rules):
        where = path.at(at).child("expression")
        if not rule.expression:
            seen.faults.append(required(where))
        elif rule.expression in expressions:
            seen.faults.append(duplicate(where, rule.expression))
        else:
            _compiled(rule.expression, where, compile_about_user, seen)
        expressions.add(rule.expression)


def _about_claims_rule(text: str) -> Expression:
    return compile_about_claims(text, is_rule=True)


def _compiled(text: str, path: Path, compile_: Callable[[str], Expression], seen: _Seen) -> Expression | None:
    try:
        return compile_(text)
    except CELError as error:
        seen.faults.append(invalid_value(path, text, str(error)))
        return None
