"""The ReplicaSets a Deployment makes: name, hash, revision and the annotations it keeps on them. Pure.

Source: pkg/controller/deployment/sync.go, util/deployment_util.go.
"""

import json
from collections.abc import Mapping

from steersman.api.apps import Deployment, ReplicaSet, ReplicaSetSpec
from steersman.api.core import PodTemplateSpec
from steersman.api.meta import LabelSelector, ObjectMeta
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.object import replace
from steersman.controllers.deployment.rollout import POD_TEMPLATE_HASH, Rollout
from steersman.reconcile.owners import controller_ref

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
ROLLBACK_TO = "deprecated.deployment.rollback.to"
NOT_COPIED = frozenset({LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO})
HISTORY_LIMIT_CHARACTERS = 2000

# Source: apimachinery/pkg/util/rand: no vowels, no digits that look like letters.
SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: PodTemplateSpec, collisions: int | None) -> str:
    """A short stable name of a template.

    Upstream hashes Go's dump of it; any stable hash serves, since it is never compared.
    """
    text = json.dumps(to_wire(template), sort_keys=True, separators=(",", ":"))
    if collisions is not None:
        text += str(collisions)
    digest = 0x811C9DC5
    for byte in text.encode():
        digest = (digest ^ byte) * 0x01000193 & 0xFFFFFFFF
    return "".join(SAFE_ALPHABET[ord(digit) % len(SAFE_ALPHABET)] for digit in str(digest))


def new_replica_set(rollout: Rollout, replicas: int) -> ReplicaSet:
    """The ReplicaSet of the Deployment's present template."""
    deployment = rollout.deployment
    spec = deployment.spec
    digest = template_hash(spec.template, deployment.status.collisionCount)
    labels = {**spec.template.metadata.labels, POD_TEMPLATE_HASH: digest}
    selector = spec.selector or LabelSelector()
    annotations = synced_annotations(rollout, {}) | replica_annotations(rollout)
    return ReplicaSet(
        metadata=ObjectMeta(
            name=f"{deployment.metadata.name}-{digest}",
            namespace=deployment.metadata.namespace,
            labels=labels,
            annotations=annotations,
            ownerReferences=(controller_ref(deployment),),
        ),
        spec=ReplicaSetSpec(
            replicas=replicas,
            minReadySeconds=spec.minReadySeconds,
            selector=replace(selector, matchLabels={**selector.matchLabels, POD_TEMPLATE_HASH: digest}),
            template=replace(spec.template, metadata=replace(spec.template.metadata, labels=labels)),
        ),
    )


def synced(rollout: Rollout, new: ReplicaSet) -> ReplicaSet:
    """The new ReplicaSet with the annotations, revision and minReadySeconds it should have."""
    annotations = synced_annotations(rollout, new.metadata.annotations)
    changed = replace(new, metadata=replace(new.metadata, annotations=annotations))
    return replace(changed, spec=replace(changed.spec, minReadySeconds=rollout.deployment.spec.minReadySeconds))


def scaled(rollout: Rollout, rs: ReplicaSet, replicas: int) -> ReplicaSet:
    """The ReplicaSet at another size, with the annotations that remember the Deployment's size."""
    annotations = {**rs.metadata.annotations, **replica_annotations(rollout)}
    meta = replace(rs.metadata, annotations=annotations)
    return replace(rs, metadata=meta, spec=replace(rs.spec, replicas=replicas))


def replica_annotations(rollout: Rollout) -> dict[str, str]:
    """By which a later pass tells that the Deployment was scaled, and in which proportion."""
    return {DESIRED_REPLICAS: str(rollout.desired), MAX_REPLICAS: str(rollout.desired + rollout.max_surge)}


def synced_annotations(rollout: Rollout, current: Mapping[str, str]) -> dict[str, str]:
    """Current annotations, the Deployment's copied over them, and the revision raised above all old ones."""
    copied = {k: v for k, v in rollout.deployment.metadata.annotations.items() if k not in NOT_COPIED}
    annotations = {**current, **copied}
    next_revision = max((revision_of(rs) for rs in rollout.old), default=0) + 1
    before = current.get(REVISION)
    if before is not None and not before.isdecimal():
        return annotations
    if int(before or 0) < next_revision:
        annotations[REVISION] = str(next_revision)
        if before is not None:
            annotations[REVISION_HISTORY] = _with_history(current.get(REVISION_HISTORY, ""), before)
    return annotations


def revision_of(obj: ReplicaSet | Deployment) -> int:
    """The rollout revision it is annotated with; 0 when there is none or it is no number."""
    text = obj.metadata.annotations.get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def annotated_number(rs: ReplicaSet, name: str) -> int | None:
    """An annotation that holds a number."""
    text = rs.metadata.annotations.get(name, "")
    return int(text) if text.isdecimal() else None


def _with_history(history: str, revision: str) -> str:
    revisions = [*filter(None, history.split(",")), revision]
    while len(",".join(revisions)) > HISTORY_LIMIT_CHARACTERS:
        revisions.pop(0)
    return ",".join(revisions)
