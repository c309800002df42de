"""The policy as it is written, audit.k8s.io/v1: read and checked.

Source: apiserver/pkg/apis/audit/v1, pkg/apis/audit/validation, pkg/audit/policy/reader.go.
"""

from collections.abc import Iterable
from pathlib import Path

from steersman.api.meta import ObjectMeta
from steersman.apimachinery import fieldpath
from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.codec.strict import FieldValidation, validate_tree
from steersman.apimachinery.codec.yaml import parse
from steersman.apimachinery.fielderrors import invalid_value, not_supported, required
from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Cause
from steersman.apiserver.audit.policy import LABELS, GroupResources, Level, Policy, Rule, Stage, stages
from steersman.component.log import get_logger

_log = get_logger(__name__)

PACKAGE = "k8s.io.apiserver.pkg.apis.audit.v1"
API_VERSION = "audit.k8s.io/v1"


class PolicyError(ValueError):
    """A policy that can't be used."""


class WrittenGroupResources(Object, package=PACKAGE):
    """Resources of a group."""

    group: str = ""
    resources: tuple[str, ...] = ()
    resourceNames: tuple[str, ...] = ()


class WrittenRule(Object, package=PACKAGE):
    """What goes for some requests."""

    level: str = ""
    users: tuple[str, ...] = ()
    userGroups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[WrittenGroupResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    nonResourceURLs: tuple[str, ...] = ()
    omitStages: tuple[str, ...] = ()
    omitManagedFields: bool | None = None


class WrittenPolicy(Object, api=API_VERSION, kind="Policy", package=PACKAGE):
    """The whole of it."""

    metadata: ObjectMeta = ObjectMeta()
    rules: tuple[WrittenRule, ...] = ()
    omitStages: tuple[str, ...] = ()
    omitManagedFields: bool = False


def read_policy(file: Path) -> Policy:
    """The policy of a file. Blocks. PolicyError says what is wrong with it."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise PolicyError(f'failed to read file path "{file}": {error.strerror}') from error
    try:
        return policy_of(data)
    except PolicyError as error:
        raise PolicyError(f"{error}: from file {file}") from error


def policy_of(data: bytes) -> Policy:
    """The policy of a YAML or JSON text. PolicyError says what is wrong with it."""
    try:
        tree = parse(data)
        if not isinstance(tree, dict):
            raise DecodeError("it is no object")
        given = (tree.get("apiVersion") or "", tree.get("kind") or "")
        if given != (API_VERSION, "Policy"):
            raise PolicyError(f'failed decoding: no kind "{given[1]}" is registered for version "{given[0]}"')
        found = validate_tree(tree, WrittenPolicy, FieldValidation.WARN)
    except DecodeError as error:
        raise PolicyError(f"failed decoding: {error}") from error
    if found.warnings:
        # Source: reader.go: what isn't known is told, and does no harm else.
        _log.warning("the audit policy contains errors", problems=", ".join(found.warnings))
    return _checked(found.object)


def _checked(written: WrittenPolicy) -> Policy:
    faults = [f"{cause.field}: {cause.message}" for cause in _faults(written)]
    if faults:
        raise PolicyError(faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]")
    if not written.rules:
        raise PolicyError("loaded illegal policy with 0 rules")
    rules = tuple(map(_rule, written.rules))
    return Policy(rules, stages(written.omitStages), written.omitManagedFields)


def _rule(written: WrittenRule) -> Rule:
    resources = tuple(GroupResources(one.group, one.resources, one.resourceNames) for one in written.resources)
    return Rule(
        Level.of(written.level),
        written.users,
        written.userGroups,
        written.verbs,
        resources,
        written.namespaces,
        written.nonResourceURLs,
        stages(written.omitStages),
        written.omitManagedFields,
    )


def _faults(written: WrittenPolicy) -> Iterable[Cause]:
    yield from _stage_faults(written.omitStages, fieldpath.Path("omitStages"))
    for at, rule in enumerate(written.rules):
        path = fieldpath.Path("rules").at(at)
        if not rule.level:
            yield required(path.child("level"))
        elif rule.level not in LABELS:
            yield not_supported(path.child("level"), rule.level, LABELS)
        yield from _url_faults(rule.nonResourceURLs, path.child("nonResourceURLs"))
        yield from _resource_faults(rule.resources, path.child("resources"))
        yield from _stage_faults(rule.omitStages, path.child("omitStages"))
        if rule.nonResourceURLs and (rule.resources or rule.namespaces):
            why = "rules cannot apply to both regular resources and non-resource URLs"
            yield invalid_value(path.child("nonResourceURLs"), rule.nonResourceURLs, why)


def _url_faults(urls: tuple[str, ...], path: fieldpath.Path) -> Iterable[Cause]:
    for at, url in enumerate(urls):
        if url == "*":
            continue
        if not url.startswith("/"):
            yield invalid_value(path.at(at), url, "non-resource URL rules must begin with a '/' character")
        if "*" in url[:-1]:
            why = "non-resource URL wildcards '*' must be the final character of the rule"
            yield invalid_value(path.at(at), url, why)


def _resource_faults(resources: tuple[WrittenGroupResources, ...], path: fieldpath.Path) -> Iterable[Cause]:
    for one in resources:
        problems = dns1123_subdomain(one.group) if one.group not in ("", "*") else []
        if problems:
            yield invalid_value(path.child("group"), one.group, ",".join(problems))
        if one.resourceNames and not one.resources:
            why = "using resourceNames requires at least one resource"
            yield invalid_value(path.child("resourceNames"), one.resourceNames, why)


def _stage_faults(names: tuple[str, ...], path: fieldpath.Path) -> Iterable[Cause]:
    allowed = [str(stage) for stage in Stage]
    for at, name in enumerate(names):
        if name not in allowed:
            yield invalid_value(path.at(at), name, f"allowed stages are {','.join(allowed)}")
