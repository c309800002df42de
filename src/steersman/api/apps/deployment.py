"""Deployment: replicas of a template, with rollouts that can be watched, paused and undone."""

from enum import StrEnum
from typing import Annotated

from steersman.api.core.pod import PodTemplateSpec
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import (
    Int32,
    Int64,
    IntOrString,
    ListMap,
    MergeBy,
    OneOf,
    Required,
    RetainKeys,
    Wire,
    always,
)
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class DeploymentStrategyType(StrEnum):
    """Whether new pods come while old ones still serve, or after they are gone."""

    RECREATE = "Recreate"
    ROLLING_UPDATE = "RollingUpdate"


class RollingUpdateDeployment(Object, package="k8s.io.api.apps.v1"):
    """How far the number of pods may stray from the wanted one during a rollout."""

    maxUnavailable: Annotated[IntOrString | None, Wire(1)] = None
    maxSurge: Annotated[IntOrString | None, Wire(2)] = None


class DeploymentStrategy(Object, package="k8s.io.api.apps.v1"):
    """How pods of an old template are replaced."""

    type: Annotated[str, Wire(1), OneOf(DeploymentStrategyType)] = ""
    rollingUpdate: Annotated[RollingUpdateDeployment | None, Wire(2)] = None


class DeploymentSpec(Object, package="k8s.io.api.apps.v1"):
    """How many pods of which template are wanted, and how a change of it is rolled out."""

    replicas: Annotated[Int32 | None, Wire(1)] = None
    selector: Annotated[LabelSelector | None, Wire(2), Required()] = None
    template: Annotated[PodTemplateSpec, Wire(3), Required()] = always(PodTemplateSpec)
    strategy: Annotated[DeploymentStrategy, Wire(4), RetainKeys()] = always(DeploymentStrategy)
    minReadySeconds: Annotated[Int32, Wire(5)] = 0
    revisionHistoryLimit: Annotated[Int32 | None, Wire(6)] = None
    paused: Annotated[bool, Wire(7)] = False
    progressDeadlineSeconds: Annotated[Int32 | None, Wire(9)] = None


class DeploymentCondition(Object, package="k8s.io.api.apps.v1"):
    """One observation about a Deployment, such as whether its rollout gets on."""

    type: Annotated[str, Wire(1)] = always("")
    status: Annotated[str, Wire(2)] = always("")
    lastUpdateTime: Annotated[Time | None, Wire(6)] = None
    lastTransitionTime: Annotated[Time | None, Wire(7)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class DeploymentStatus(Object, package="k8s.io.api.apps.v1"):
    """How far the rollout is: pods that exist, are of the newest template, and are available."""

    observedGeneration: Annotated[Int64, Wire(1)] = 0
    replicas: Annotated[Int32, Wire(2)] = 0
    updatedReplicas: Annotated[Int32, Wire(3)] = 0
    readyReplicas: Annotated[Int32, Wire(7)] = 0
    availableReplicas: Annotated[Int32, Wire(4)] = 0
    unavailableReplicas: Annotated[Int32, Wire(5)] = 0
    terminatingReplicas: Annotated[Int32 | None, Wire(9)] = None
    conditions: Annotated[tuple[DeploymentCondition, ...], Wire(6), MergeBy("type"), ListMap("type")] = ()
    collisionCount: Annotated[Int32 | None, Wire(8)] = None


class Deployment(Kind, api="apps/v1", package="k8s.io.api.apps.v1"):
    """Keeps a number of pods of a template running, and replaces them gradually when the template changes."""

    spec: Annotated[DeploymentSpec, Wire(2), Required()] = always(DeploymentSpec)
    status: Annotated[DeploymentStatus, Wire(3)] = always(DeploymentStatus)
