"""Feature gates: what is known, what is on, and the text form `A=true,B=false` of upstream's --feature-gates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

ALL_ALPHA = "AllAlpha"
ALL_BETA = "AllBeta"

# What Go's strconv.ParseBool takes.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}


class Stage(StrEnum):
    """How settled a feature is."""

    ALPHA = "ALPHA"
    BETA = "BETA"
    GA = ""
    DEPRECATED = "DEPRECATED"


@dataclass(frozen=True, slots=True)
class Feature:
    """A gate: its name as upstream spells it, and what it is unless set."""

    name: str
    default: bool
    stage: Stage
    is_locked: bool = False
    """The gate can't be set to anything but its default."""


class FeatureGateError(ValueError):
    """A gate that isn't known, or a value it can't have. The text is for the person who set it."""


class FeatureGates:
    """Which of the known features are on; made once at start, then only read."""

    def __init__(self, known: Iterable[Feature], settings: Mapping[str, bool] | None = None) -> None:
        self._known = {feature.name: feature for feature in known}
        settings = settings or {}
        self._enabled = {feature.name: _default(feature, settings) for feature in self._known.values()}
        for name, value in settings.items():
            if name not in (ALL_ALPHA, ALL_BETA):
                self._enabled[name] = self._checked(name, value)

    def is_enabled(self, name: str) -> bool:
        """Is this feature on; KeyError for one that isn't known, as that is a mistake in the code."""
        return self._enabled[name]

    @property
    def features(self) -> tuple[Feature, ...]:
        """Every known feature, by name."""
        return tuple(self._known[name] for name in sorted(self._known))

    def describe(self) -> tuple[str, ...]:
        """A line for each feature that can be set, as upstream's help has it."""
        return tuple(
            f"{feature.name}=true|false ({feature.stage} - default={str(feature.default).lower()})"
            for feature in self.features
            if feature.stage is not Stage.GA and not feature.is_locked
        )

    def _checked(self, name: str, value: bool) -> bool:
        feature = self._known.get(name)
        if feature is None:
            raise FeatureGateError(f"unrecognized feature gate: {name}")
        if feature.is_locked and value != feature.default:
            default = str(feature.default).lower()
            raise FeatureGateError(
                f"cannot set feature gate {name} to {str(value).lower()}, feature is locked to {default}"
            )
        return value


def parse_feature_gates(text: str) -> dict[str, bool]:
    """The settings that `A=true,B=false` stands for; FeatureGateError when it isn't of that form."""
    settings = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, separator, value = (word.strip() for word in part.partition("="))
        if not separator:
            raise FeatureGateError(f"missing bool value for {name}")
        if value not in _BOOLEANS:
            raise FeatureGateError(f"invalid value of {name}={value}, must be true or false")
        settings[name] = _BOOLEANS[value]
    return settings


def _default(feature: Feature, settings: Mapping[str, bool]) -> bool:
    if feature.is_locked:
        return feature.default
    match feature.stage:
        case Stage.ALPHA:
            return settings.get(ALL_ALPHA, feature.default)
        case Stage.BETA:
            return settings.get(ALL_BETA, feature.default)
        case _:
            return feature.default
