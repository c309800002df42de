"""PodSecurityConfiguration: what counts where no label says otherwise, and who is exempt.

Source: k8s.io/pod-security-admission/admission/api.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.fielderrors import duplicate, invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label, dns1123_subdomain
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Cause
from steersman.apiserver.admission.configuration import Expected
from steersman.apiserver.admission.podsecurity.levels import LevelVersion, Policy, read_level, read_version

GROUP = "pod-security.admission.config.k8s.io"
PRIVILEGED = Policy()
EXPECTED = Expected(
    "PodSecurity",
    frozenset((f"{GROUP}/{version}", "PodSecurityConfiguration") for version in ("v1", "v1beta1", "v1alpha1")),
)


class PodSecurityDefaults(Object, rename="kebab", package="k8s.io.pod-security-admission.admission.api.v1"):
    """Levels and versions for namespaces without labels."""

    enforce: str = ""
    enforce_version: str = ""
    audit: str = ""
    audit_version: str = ""
    warn: str = ""
    warn_version: str = ""


class PodSecurityExemptions(Object, package="k8s.io.pod-security-admission.admission.api.v1"):
    """Requests that aren't judged."""

    usernames: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    runtimeClasses: tuple[str, ...] = ()


class PodSecurityConfiguration(Object, api=f"{GROUP}/v1", package="k8s.io.pod-security-admission.admission.api.v1"):
    """The plugin's configuration as it is written."""

    defaults: PodSecurityDefaults = PodSecurityDefaults()
    exemptions: PodSecurityExemptions = PodSecurityExemptions()


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration as it is used."""

    defaults: Policy = PRIVILEGED
    usernames: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    runtime_classes: frozenset[str] = frozenset()


def read_settings(tree: Mapping[str, Any] | None) -> Settings:
    """The settings of a configuration file's part. ConfigurationError for what can't be used."""
    if tree is None:
        return Settings()
    given = EXPECTED.read(tree, PodSecurityConfiguration)
    faults: list[Cause] = []
    modes = [_mode(name, given.defaults, faults) for name in ("enforce", "audit", "warn")]
    exempt = given.exemptions
    for field, names, check in (
        ("namespaces", exempt.namespaces, dns1123_label),
        ("runtimeClasses", exempt.runtimeClasses, dns1123_subdomain),
        ("usernames", exempt.usernames, _username),
    ):
        faults += _check_names(Path("exemptions").child(field), names, check)
    EXPECTED.check(faults)
    return Settings(
        Policy(*modes), frozenset(exempt.usernames), frozenset(exempt.namespaces), frozenset(exempt.runtimeClasses)
    )


def _mode(name: str, given: PodSecurityDefaults, faults: list[Cause]) -> LevelVersion:
    made = LevelVersion()
    level = getattr(given, name) or str(made.level)
    version = getattr(given, f"{name}_version") or str(made.version)
    try:
        made = LevelVersion(read_level(level), made.version)
    except ValueError as error:
        faults.append(invalid_value(Path("defaults").child(name), level, str(error)))
    try:
        made = LevelVersion(made.level, read_version(version))
    except ValueError as error:
        faults.append(invalid_value(Path("defaults").child(f"{name}-version"), version, str(error)))
    return made


def _check_names(path: Path, names: Sequence[str], check: Callable[[str], list[str]]) -> list[Cause]:
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, name in enumerate(names):
        wrong = check(name)
        if wrong:
            faults.append(invalid_value(path.at(position), name, ", ".join(wrong)))
        elif name in seen:
            faults.append(duplicate(path.at(position), name))
        seen.add(name)
    return faults


def _username(name: str) -> list[str]:
    return [] if name else ["username must not be empty"]
