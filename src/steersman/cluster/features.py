"""The feature gates that `up --feature-gates` knows, under upstream's names."""

from steersman.component.featuregate import Feature, FeatureGates, Stage, parse_feature_gates

# Locked upstream since 1.27; clusters whose clients expect a token Secret for each account may still want it.
NO_TOKEN_SECRETS = "LegacyServiceAccountTokenNoAutoGeneration"  # a gate's name

KNOWN = (Feature(NO_TOKEN_SECRETS, default=True, stage=Stage.GA),)


def feature_gates(text: str) -> FeatureGates:
    """The gates of a setting such as `A=true,B=false`; FeatureGateError for one that isn't known."""
    return FeatureGates(KNOWN, parse_feature_gates(text))
