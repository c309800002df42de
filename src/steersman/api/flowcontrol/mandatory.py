"""Flow schemas and priority levels that every server has, whose specs nobody changes.

Source: apiserver/pkg/apis/flowcontrol/bootstrap: mandatory objects.
"""

from collections.abc import Mapping

from steersman.api.flowcontrol.flowcontrol import (
    ExemptPriorityLevelConfiguration,
    FlowDistinguisherMethod,
    FlowSchemaSpec,
    GroupSubject,
    LimitedPriorityLevelConfiguration,
    LimitResponse,
    NonResourcePolicyRule,
    PolicyRulesWithSubjects,
    PriorityLevelConfigurationReference,
    PriorityLevelConfigurationSpec,
    ResourcePolicyRule,
    Subject,
)

# The names of a level and of the schema that sends requests there.
EXEMPT, CATCH_ALL = "exempt", "catch-all"
ALL = ("*",)
HIGHEST_PRECEDENCE, LOWEST_PRECEDENCE = 1, 10_000


def _everything_of(*groups: str) -> PolicyRulesWithSubjects:
    return PolicyRulesWithSubjects(
        subjects=tuple(Subject(kind="Group", group=GroupSubject(name=group)) for group in groups),
        resourceRules=(ResourcePolicyRule(verbs=ALL, apiGroups=ALL, resources=ALL, clusterScope=True, namespaces=ALL),),
        nonResourceRules=(NonResourcePolicyRule(verbs=ALL, nonResourceURLs=ALL),),
    )


MANDATORY_FLOW_SCHEMAS: Mapping[str, FlowSchemaSpec] = {
    EXEMPT: FlowSchemaSpec(
        priorityLevelConfiguration=PriorityLevelConfigurationReference(name=EXEMPT),
        matchingPrecedence=HIGHEST_PRECEDENCE,
        rules=(_everything_of("system:masters"),),
    ),
    CATCH_ALL: FlowSchemaSpec(
        priorityLevelConfiguration=PriorityLevelConfigurationReference(name=CATCH_ALL),
        matchingPrecedence=LOWEST_PRECEDENCE,
        distinguisherMethod=FlowDistinguisherMethod(type="ByUser"),
        rules=(_everything_of("system:unauthenticated", "system:authenticated"),),
    ),
}
MANDATORY_PRIORITY_LEVELS: Mapping[str, PriorityLevelConfigurationSpec] = {
    # An administrator may change what is in `exempt`.
    EXEMPT: PriorityLevelConfigurationSpec(
        type="Exempt", exempt=ExemptPriorityLevelConfiguration(nominalConcurrencyShares=0, lendablePercent=0)
    ),
    CATCH_ALL: PriorityLevelConfigurationSpec(
        type="Limited",
        limited=LimitedPriorityLevelConfiguration(
            nominalConcurrencyShares=5, lendablePercent=0, limitResponse=LimitResponse(type="Reject")
        ),
    ),
}
