import pytest

from steersman.component.featuregate import Feature, FeatureGateError, FeatureGates, Stage, parse_feature_gates

KNOWN = (
    Feature("Young", False, Stage.ALPHA),
    Feature("Grown", True, Stage.BETA),
    Feature("Shy", False, Stage.BETA),
    Feature("Done", True, Stage.GA, is_locked=True),
)


def enabled(text: str) -> set[str]:
    gates = FeatureGates(KNOWN, parse_feature_gates(text))
    return {feature.name for feature in gates.features if gates.is_enabled(feature.name)}


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("", {"Grown", "Done"}),
        ("Young=true, Grown=F,", {"Young", "Done"}),
        ("AllAlpha=true", {"Young", "Grown", "Done"}),
        ("AllBeta=false", {"Done"}),
        ("Shy=true,AllBeta=false", {"Shy", "Done"}),
        ("Done=true", {"Grown", "Done"}),
    ],
)
def test_a_setting_wins_over_its_stage_and_a_stage_over_the_default(text: str, on: set[str]) -> None:
    assert enabled(text) == on


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Other=true", "unrecognized feature gate: Other"),
        ("Young", "missing bool value for Young"),
        ("Young=yes", "invalid value of Young=yes"),
        ("Done=false", "cannot set feature gate Done to false, feature is locked to true"),
    ],
)
def test_what_can_not_be_set_is_refused_in_words(text: str, problem: str) -> None:
    with pytest.raises(FeatureGateError, match=problem):
        enabled(text)


def test_help_names_what_can_be_set() -> None:
    assert FeatureGates(KNOWN).describe() == (
        "Grown=true|false (BETA - default=true)",
        "Shy=true|false (BETA - default=false)",
        "Young=true|false (ALPHA - default=false)",
    )
