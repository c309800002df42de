"""Access reviews of authorization.k8s.io/v1beta1: `group` is a list's name there.

Source: k8s.io/api/authorization/v1beta1.
"""

from collections.abc import Mapping
from typing import Annotated

from steersman.api import authorization
from steersman.api.meta.kind import Kind
from steersman.api.older.trees import edited, renamed
from steersman.api.older.version import Older, Tree
from steersman.apimachinery.markers import Atomic, Required, Wire, always
from steersman.apimachinery.object import Object

PACKAGE = "k8s.io.api.authorization.v1beta1"


class SubjectAccessReviewSpec(Object, package=PACKAGE):
    """The request in question, and the user who would make it."""

    resourceAttributes: Annotated[authorization.ResourceAttributes | None, Wire(1)] = None
    nonResourceAttributes: Annotated[authorization.NonResourceAttributes | None, Wire(2)] = None
    user: Annotated[str, Wire(3)] = ""
    group: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    extra: Annotated[Mapping[str, tuple[str, ...]], Wire(5)] = {}
    uid: Annotated[str, Wire(6)] = ""


class SubjectAccessReview(Kind, api="authorization.k8s.io/v1beta1", package=PACKAGE):
    """Asks whether a user may do something."""

    spec: Annotated[SubjectAccessReviewSpec, Wire(2), Required()] = always(SubjectAccessReviewSpec)
    status: Annotated[authorization.SubjectAccessReviewStatus, Wire(3)] = always(
        authorization.SubjectAccessReviewStatus
    )


class LocalSubjectAccessReview(Kind, api="authorization.k8s.io/v1beta1", package=PACKAGE):
    """Asks whether a user may do something in one namespace."""

    spec: Annotated[SubjectAccessReviewSpec, Wire(2), Required()] = always(SubjectAccessReviewSpec)
    status: Annotated[authorization.SubjectAccessReviewStatus, Wire(3)] = always(
        authorization.SubjectAccessReviewStatus
    )


def inward(tree: Tree) -> Tree:
    """As v1 has it."""
    return edited(tree, ("spec",), lambda spec: renamed(spec, {"group": "groups"}))


def outward(tree: Tree) -> Tree:
    """As v1beta1 has it."""
    return edited(tree, ("spec",), lambda spec: renamed(spec, {"groups": "group"}))


OLDER = Older(authorization.SubjectAccessReview, inward=inward, outward=outward)
OLDER_LOCAL = Older(authorization.LocalSubjectAccessReview, inward=inward, outward=outward)
