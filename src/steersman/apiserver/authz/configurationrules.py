"""What is wrong with an AuthorizationConfiguration, in upstream's words. Looks whether files are there.

Source: apiserver/pkg/apis/apiserver/validation/validation.go: ValidateAuthorizationConfiguration.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path as FilePath

from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.durations import go_seconds
from steersman.apimachinery.fielderrors import duplicate, invalid_value, not_supported, required, too_many
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.status import Cause
from steersman.apiserver.authz.configuration import (
    DENY,
    IN_CLUSTER,
    KUBECONFIG_FILE,
    NO_OPINION,
    WEBHOOK,
    AuthorizationConfiguration,
    AuthorizerConfiguration,
    WebhookConfiguration,
    WebhookConnectionInfo,
    WebhookMatchCondition,
)
from steersman.apiserver.authz.matchconditions import compile_condition

MOST_CONDITIONS = 64
LONGEST_TIMEOUT_SECONDS = 30.0
VERSIONS = ("v1", "v1beta1")


def faults_of(configuration: AuthorizationConfiguration, known_types: Collection[str]) -> list[Cause]:
    """Every fault."""
    root = Path("authorizers")
    if not configuration.authorizers:
        return [required(root, "at least one authorization mode must be defined")]
    faults: list[Cause] = []
    types, names = set[str](), set[str]()
    for at, one in enumerate(configuration.authorizers):
        path = root.at(at)
        if not one.type:
            faults.append(required(path.child("type")))
        elif one.type not in known_types:
            faults.append(not_supported(path.child("type"), one.type, sorted(known_types)))
        elif one.type in types and one.type != WEBHOOK:
            faults.append(duplicate(path.child("type"), one.type))
        else:
            types.add(one.type)
            faults += _authorizer_faults(one, path, names)
            names.add(one.name)
    return faults


def _authorizer_faults(one: AuthorizerConfiguration, path: Path, names: Collection[str]) -> Iterator[Cause]:
    where = path.child("name")
    if not one.name:
        yield required(where)
    elif one.name in names:
        yield duplicate(where, one.name)
    elif errors := dns1123_subdomain(one.name):
        yield invalid_value(where, one.name, f"authorizer name is invalid: {', '.join(errors)}")
    if one.type != WEBHOOK:
        if one.webhook is not None:
            yield invalid_value(path.child("webhook"), "non-null", "may only be specified when type=Webhook")
    elif one.webhook is None:
        yield required(path.child("webhook"), "required when type=Webhook")
    else:
        # Upstream's paths leave `webhook` out.
        yield from _webhook_faults(one.webhook, path)


def _webhook_faults(webhook: WebhookConfiguration, path: Path) -> Iterator[Cause]:
    yield from _timeout_faults(webhook.timeout, path.child("timeout"))
    for name, text in (("authorizedTTL", webhook.authorizedTTL), ("unauthorizedTTL", webhook.unauthorizedTTL)):
        yield from _lifetime_faults(text, path.child(name))
    version, where = webhook.subjectAccessReviewVersion, path.child("subjectAccessReviewVersion")
    if not version:
        yield required(where)
    elif version not in VERSIONS:
        yield not_supported(where, version, VERSIONS)
    version, where = (
        webhook.matchConditionSubjectAccessReviewVersion,
        path.child("matchConditionSubjectAccessReviewVersion"),
    )
    if not version and webhook.matchConditions:
        yield required(where, "required if match conditions are specified")
    elif version and version != VERSIONS[0]:
        yield not_supported(where, version, VERSIONS[:1])
    policy, where = webhook.failurePolicy, path.child("failurePolicy")
    if not policy:
        yield required(where)
    elif policy not in (NO_OPINION, DENY):
        yield not_supported(where, policy, (NO_OPINION, DENY))
    yield from _connection_faults(webhook.connectionInfo, path.child("connectionInfo"))
    yield from _condition_faults(webhook.matchConditions, path.child("matchConditions"))


def seconds_of(text: str) -> float:
    """A duration, which may be negative; 0 for none. ValueError."""
    if text.startswith("-"):
        return -go_seconds(text[1:])
    return go_seconds(text) if text not in ("", "0") else 0.0


def _timeout_faults(text: str, path: Path) -> Iterator[Cause]:
    try:
        seconds = seconds_of(text)
    except ValueError as error:
        yield invalid_value(path, text, str(error))
        return
    if seconds == 0:
        yield required(path)
    elif not 0 < seconds <= LONGEST_TIMEOUT_SECONDS:
        yield invalid_value(path, text, "must be > 0s and <= 30s")


def _lifetime_faults(text: str, path: Path) -> Iterator[Cause]:
    try:
        seconds = seconds_of(text)
    except ValueError as error:
        yield invalid_value(path, text, str(error))
        return
    if seconds == 0:
        yield required(path)
    elif seconds < 0:
        yield invalid_value(path, text, "must be > 0s")


def _connection_faults(info: WebhookConnectionInfo, path: Path) -> Iterator[Cause]:
    where, file = path.child("kubeConfigFile"), info.kubeConfigFile
    if not info.type:
        yield required(path.child("type"))
    elif info.type == IN_CLUSTER:
        if file is not None:
            yield invalid_value(where, file, "can only be set when type=KubeConfigFile")
    elif info.type != KUBECONFIG_FILE:
        yield not_supported(path.child("type"), info.type, (IN_CLUSTER, KUBECONFIG_FILE))
    elif not file:
        yield required(where)
    elif not file.startswith("/"):
        yield invalid_value(where, file, "must be an absolute path")
    elif not FilePath(file).exists():
        yield invalid_value(where, file, f"error loading file: stat {file}: no such file or directory")
    elif not FilePath(file).is_file():
        yield invalid_value(where, file, "must be a regular file")


def _condition_faults(conditions: Sequence[WebhookMatchCondition], path: Path) -> Iterator[Cause]:
    if len(conditions) > MOST_CONDITIONS:
        yield too_many(path, len(conditions), MOST_CONDITIONS)
        return
    seen = set[str]()
    for at, one in enumerate(conditions):
        where = path.at(at).child("expression")
        if not one.expression.strip():
            yield required(where)
        elif one.expression in seen:
            yield duplicate(where, one.expression)
        else:
            seen.add(one.expression)
            try:
                compile_condition(one.expression)
            except CELError as error:
                yield invalid_value(where, one.expression, f"compilation failed: {error}")
