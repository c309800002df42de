"""What is wrong with a CustomResourceDefinition.

Source: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go.
"""

from collections.abc import Iterable, Sequence

from steersman.api.apiextensions.customresource import (
    CustomResourceColumnDefinition,
    CustomResourceConversion,
    CustomResourceDefinition,
    CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceSubresourceScale,
    SelectableField,
)
from steersman.api.apiextensions.demands import (
    ALL_DEMANDS,
    APPROVED,
    Demands,
    has_defaults,
    on_update,
    on_versions,
    schema_of_version,
)
from steersman.apimachinery import formats
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    not_supported,
    required,
    too_many,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.jsonpath import JSONPathError, compile_path
from steersman.apimachinery.schemarules.presence import has_rules
from steersman.apimachinery.status import Cause
from steersman.apimachinery.structural import Written
from steersman.apimachinery.structuralrules import structural_faults

SPEC = Path("spec")
SCOPES = ("Cluster", "Namespaced")
STRATEGIES = ("None", "Webhook")
REVIEW_VERSIONS = ("v1", "v1beta1")
COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = (
    "binary", "bool", "byte", "date", "date-time", "double", "float", "int32", "int64", "password",
)  # fmt: skip
MAX_SELECTABLE = 8
PROTECTED_GROUPS = ("k8s.io", "kubernetes.io")


def validate_definition(crd: CustomResourceDefinition, demands: Demands = ALL_DEMANDS) -> list[Cause]:
    """What is wrong with a new definition."""
    spec, found = crd.spec, list[Cause]()
    if crd.metadata.name != f"{spec.names.plural}.{spec.group}":
        why = 'must be spec.names.plural+"."+spec.group'
        found.append(invalid_value(Path("metadata.name"), crd.metadata.name, why))
    found += _group_faults(spec.group)
    if spec.scope not in SCOPES:
        where = SPEC.child("scope")
        found.append(not_supported(where, spec.scope, SCOPES) if spec.scope else required(where))
    found += _version_list_faults(spec.versions)
    for position, version in enumerate(spec.versions):
        found += _version_faults(version, SPEC.child("versions").at(position), on_versions(demands, spec))
    found += _names_faults(spec.names, SPEC.child("names"))
    found += _conversion_faults(spec.conversion)
    found += _keeping_faults(spec, demands)
    return [*found, *(_approval_faults(crd) if demands.approval else ())]


def validate_definition_update(
    crd: CustomResourceDefinition, old: CustomResourceDefinition, demands: Demands = ALL_DEMANDS
) -> list[Cause]:
    """What is wrong with a change: what names the resource stays, and stored versions can't be taken away."""
    found = validate_definition(crd, on_update(demands, crd, old))
    is_established = any(one.type == "Established" and one.status == "True" for one in old.status.conditions)
    fixed = [("group", crd.spec.group, old.spec.group), ("names.plural", crd.spec.names.plural, old.spec.names.plural)]
    if is_established:
        fixed += [("scope", crd.spec.scope, old.spec.scope), ("names.kind", crd.spec.names.kind, old.spec.names.kind)]
    for name, new, was in fixed:
        if new != was:
            found.append(invalid_value(SPEC.child(name), new, "field is immutable"))
    present = {one.name for one in crd.spec.versions}
    where = Path("status.storedVersions")
    for position, stored in enumerate(crd.status.storedVersions):
        if stored not in present:
            why = (
                f"missing from spec.versions; {stored} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {stored} and removes "
                f"{stored} from status.storedVersions"
            )
            found.append(invalid_value(where.at(position), stored, why))
    return found


def _keeping_faults(spec: CustomResourceDefinitionSpec, demands: Demands) -> Iterable[Cause]:
    """Source: validatePreserveUnknownFields, validateCustomResourceDefinitionSpec."""
    if not spec.preserveUnknownFields:
        return
    where = SPEC.child("preserveUnknownFields")
    if demands.pruning:
        why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        yield invalid_value(where, True, why)
    if has_defaults(spec):
        yield invalid_value(where, True, "must be false in order to use defaults in the schema")
    if spec.conversion is not None and spec.conversion.strategy != "None":
        why = "must be None if spec.preserveUnknownFields is true"
        yield invalid_value(SPEC.child("conversion", "strategy"), spec.conversion.strategy, why)


def _group_faults(group: str) -> Iterable[Cause]:
    where = SPEC.child("group")
    if not group:
        yield required(where)
    elif errors := formats.dns1123_subdomain(group):
        yield invalid_value(where, group, ",".join(errors))
    elif "." not in group:
        yield invalid_value(where, group, "should be a domain with at least one dot")


def _version_list_faults(versions: Sequence[CustomResourceDefinitionVersion]) -> Iterable[Cause]:
    where, names = SPEC.child("versions"), [one.name for one in versions]
    if len(set(names)) != len(names):
        yield invalid_value(where, names, "must contain unique version names")
    if sum(one.storage for one in versions) != 1:
        yield invalid_value(where, names, "must have exactly one version marked as storage version")


def _version_faults(version: CustomResourceDefinitionVersion, path: Path, demands: Demands) -> Iterable[Cause]:
    if errors := formats.dns1035_label(version.name):
        yield invalid_value(path.child("name"), version.name, ",".join(errors))
    written, where = schema_of_version(version), path.child("schema", "openAPIV3Schema")
    if written is None and demands.schemas:
        yield required(where, "schemas are required")
    elif written is None and demands.pruning and version.served:
        yield required(where, "because otherwise all fields are pruned")
    elif written is not None and demands.structure:
        faults = structural_faults(written, where)
        yield from faults or _rule_faults(written, where)
    if version.deprecationWarning is not None and not version.deprecated:
        why = "can only be set for deprecated versions"
        yield invalid_value(path.child("deprecationWarning"), version.deprecationWarning, why)
    if version.subresources is not None and version.subresources.scale is not None:
        yield from _scale_faults(version.subresources.scale, path.child("subresources", "scale"))
    for position, column in enumerate(version.additionalPrinterColumns):
        yield from _column_faults(column, path.child("additionalPrinterColumns").at(position))
    yield from _selectable_faults(version.selectableFields, written or {}, path.child("selectableFields"))


def _rule_faults(written: Written, path: Path) -> Iterable[Cause]:
    if not has_rules(written):
        return ()
    # Only who has rules pays for their language.
    from steersman.apimachinery.schemarules.faults import rule_faults

    return rule_faults(written, path)


def _names_faults(names: CustomResourceDefinitionNames, path: Path) -> Iterable[Cause]:
    for field in ("plural", "singular", "kind", "listKind"):
        name, where = getattr(names, field), path.child(field)
        mixed = field in ("kind", "listKind")
        if not name:
            yield required(where)
        elif errors := formats.dns1035_label(name.lower() if mixed else name):
            lead = "may have mixed case, but should otherwise match: " if mixed else ""
            yield invalid_value(where, name, lead + ",".join(errors))
    for field in ("shortNames", "categories"):
        for position, name in enumerate(getattr(names, field)):
            if errors := formats.dns1035_label(name):
                yield invalid_value(path.child(field).at(position), name, ",".join(errors))
    if names.kind and names.kind == names.listKind:
        yield invalid_value(path.child("listKind"), names.listKind, "kind and listKind may not be the same")


def _conversion_faults(conversion: CustomResourceConversion | None) -> Iterable[Cause]:
    if conversion is None:
        return
    path, webhook = SPEC.child("conversion"), conversion.webhook
    if conversion.strategy not in STRATEGIES:
        yield not_supported(path.child("strategy"), conversion.strategy, STRATEGIES)
    if conversion.strategy != "Webhook":
        if webhook is not None:
            why = "should not be set when strategy is not set to Webhook"
            yield forbidden_field(path.child("webhookClientConfig"), why)
        return
    config = webhook.clientConfig if webhook is not None else None
    where = path.child("webhookClientConfig")
    if config is None:
        yield required(where, "required when strategy is set to Webhook")
    elif (config.url is None) == (config.service is None):
        yield required(where, "exactly one of url or service is required")
    versions = webhook.conversionReviewVersions if webhook is not None else ()
    if not versions:
        yield required(path.child("conversionReviewVersions"))
    elif not set(versions) & set(REVIEW_VERSIONS):
        why = f"must include at least one of {', '.join(REVIEW_VERSIONS)}"
        yield invalid_value(path.child("conversionReviewVersions"), list(versions), why)


def _scale_faults(scale: CustomResourceSubresourceScale, path: Path) -> Iterable[Cause]:
    for field, prefixes, where in (
        ("specReplicasPath", (".spec.",), "under .spec"),
        ("statusReplicasPath", (".status.",), "under .status"),
        ("labelSelectorPath", (".spec.", ".status."), "under either .spec or .status"),
    ):
        value = getattr(scale, field) or ""
        if not value and field != "labelSelectorPath":
            yield required(path.child(field))
        elif value and not value.startswith("."):
            yield invalid_value(path.child(field), value, "must be a simple json path starting with .")
        elif value and not value.startswith(prefixes):
            yield invalid_value(path.child(field), value, f"should be a json path {where}")


def _column_faults(column: CustomResourceColumnDefinition, path: Path) -> Iterable[Cause]:
    if not column.name:
        yield required(path.child("name"))
    types = f"must be one of {','.join(COLUMN_TYPES)}"
    if not column.type:
        yield required(path.child("type"), types)
    elif column.type not in COLUMN_TYPES:
        yield invalid_value(path.child("type"), column.type, types)
    if column.format and column.format not in COLUMN_FORMATS:
        yield invalid_value(path.child("format"), column.format, f"must be one of {','.join(COLUMN_FORMATS)}")
    where = path.child("JSONPath")
    if not column.jsonPath:
        yield required(where)
    elif not column.jsonPath.startswith("."):
        yield invalid_value(where, column.jsonPath, "must be a simple json path starting with .")
    elif fault := _path_fault(column.jsonPath):
        yield invalid_value(where, column.jsonPath, fault)


def _path_fault(path: str) -> str:
    try:
        compile_path(path)
    except JSONPathError as error:
        return str(error)
    return ""


def _selectable_faults(fields: Sequence[SelectableField], schema: Written, path: Path) -> Iterable[Cause]:
    seen = set[str]()
    for position, field in enumerate(fields):
        where = path.at(position).child("jsonPath")
        if not field.jsonPath:
            yield required(where)
            continue
        below: Written | None = schema
        for part in field.jsonPath.lstrip(".").split("."):
            below = (below.get("properties") or {}).get(part) if below is not None else None
        if below is None:
            yield invalid_value(where, field.jsonPath, "is an invalid path: does not refer to a valid field")
        elif below.get("type") not in ("string", "boolean", "integer"):
            why = (
                "must point to a field of type string, boolean or integer. Enum string fields and strings with "
                "formats are allowed."
            )
            yield invalid_value(where, field.jsonPath, why)
        if field.jsonPath.startswith(".metadata."):
            yield invalid_value(where, field.jsonPath, "must not point to fields in metadata")
        if field.jsonPath in seen:
            yield duplicate(where, field.jsonPath)
        seen.add(field.jsonPath)
    if len(seen) > MAX_SELECTABLE:
        yield too_many(path, len(seen), MAX_SELECTABLE)


def _approval_faults(crd: CustomResourceDefinition) -> Iterable[Cause]:
    """Groups of the community itself are protected. Source: KEP-1111."""
    group, value = crd.spec.group, crd.metadata.annotations.get(APPROVED, "")
    is_protected = group.endswith(tuple(f".{one}" for one in PROTECTED_GROUPS)) or group in PROTECTED_GROUPS
    where = Path("metadata.annotations").key(APPROVED)
    why = (
        f'protected groups must have approval annotation "{APPROVED}", see '
        "https://github.com/kubernetes/enhancements/pull/1111"
    )
    if is_protected and not value:
        yield required(where, why)
    elif is_protected and not value.startswith(("http://", "https://", "unapproved")):
        yield invalid_value(where, value, why)
