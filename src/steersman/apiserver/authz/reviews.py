"""The reviews: clients ask who they are, what they may do, and whether a token is good.

Source: pkg/registry/authorization, pkg/registry/authentication.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from steersman.api import authentication, authorization
from steersman.api.meta import Kind, ObjectMeta
from steersman.api.rbac import PolicyRule
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import BadRequest, Cause, Unauthorized, invalid
from steersman.apiserver.attributes import Authorizer
from steersman.apiserver.authn.bearer import INVALID
from steersman.apiserver.authn.tokens import TokenAuthenticator, authenticated
from steersman.apiserver.authz.asking import decision_on
from steersman.apiserver.authz.reviewedrequests import Spec, faults_of, request_of
from steersman.apiserver.authz.union import UnionAuthorizer
from steersman.apiserver.context import RequestContext
from steersman.apiserver.reviews import ReviewHandler
from steersman.apiserver.user import UserInfo
from steersman.apiserver.verbs.metadata import group_kind

Access = authorization.SubjectAccessReview | authorization.LocalSubjectAccessReview
AnyAccess = Access | authorization.SelfSubjectAccessReview


async def answered(authorizer: Authorizer, user: UserInfo, spec: Spec) -> authorization.SubjectAccessReviewStatus:
    """The authorizer's answer."""
    request, ignored = request_of(spec)
    decision = await decision_on(authorizer, user, request)
    why = "; ".join(filter(None, (decision.error, ignored)))
    return authorization.SubjectAccessReviewStatus(
        allowed=decision.allowed, denied=decision.denied, reason=decision.reason, evaluationError=why
    )


def check(context: RequestContext, review: AnyAccess) -> None:
    """Invalid for a review with faults."""
    faults = faults_of(review.spec)
    empty, wanted = ObjectMeta(namespace=review.metadata.namespace if context.resource.namespaced else ""), "be empty"
    if context.resource.namespaced:
        wanted = "be empty except for namespace"
        faults += _place_faults(review.spec, context.info.namespace)
    if replace(review.metadata, managedFields=()) != empty:
        faults.append(invalid_value(Path("metadata"), review.metadata, f"must {wanted}"))
    if faults:
        raise invalid(group_kind(context.resource), "", faults)


def _place_faults(spec: Spec, namespace: str) -> Iterator[Cause]:
    path, resource = Path("spec"), spec.resourceAttributes
    if resource is not None and resource.namespace != namespace:
        where = path.child("resourceAttributes", "namespace")
        yield invalid_value(where, resource.namespace, "must match metadata.namespace")
    if spec.nonResourceAttributes is not None:
        where = path.child("nonResourceAttributes")
        yield invalid_value(where, spec.nonResourceAttributes, "disallowed on this kind of request")


class AccessReviews:
    """SubjectAccessReview and its local form: may this user do that?"""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def review(self, context: RequestContext, obj: Access) -> Kind:
        """Source of ReviewHandler.review."""
        check(context, obj)
        spec = obj.spec
        user = UserInfo(spec.user, spec.uid, spec.groups, spec.extra)
        return replace(obj, status=await answered(self._authorizer, user, spec))


class SelfAccessReviews:
    """SelfSubjectAccessReview: may I do that?"""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def review(self, context: RequestContext, obj: authorization.SelfSubjectAccessReview) -> Kind:
        """Source of ReviewHandler.review."""
        check(context, obj)
        return replace(obj, status=await answered(self._authorizer, context.user, obj.spec))


class RuleSource(Protocol):
    """Tells what a user may do."""

    def rules_for(self, user: UserInfo, namespace: str) -> Iterable[PolicyRule]:
        """Every rule that allows a user something, cluster-wide and in one namespace."""
        ...

    def untold(self, user: UserInfo) -> Iterable[str]:
        """Why there may be more than these."""
        ...


class SelfRulesReviews:
    """SelfSubjectRulesReview: what may I do here?"""

    def __init__(self, rules: RuleSource) -> None:
        self._rules = rules

    async def review(self, context: RequestContext, obj: authorization.SelfSubjectRulesReview) -> Kind:
        """Source of ReviewHandler.review."""
        rules = tuple(self._rules.rules_for(context.user, obj.spec.namespace))
        resources = tuple(
            authorization.ResourceRule(
                verbs=rule.verbs, apiGroups=rule.apiGroups, resources=rule.resources, resourceNames=rule.resourceNames
            )
            for rule in rules
            if rule.resources
        )
        urls = tuple(
            authorization.NonResourceRule(verbs=rule.verbs, nonResourceURLs=rule.nonResourceURLs)
            for rule in rules
            if rule.nonResourceURLs
        )
        why = "\n".join(self._rules.untold(context.user))
        status = authorization.SubjectRulesReviewStatus(
            resourceRules=resources, nonResourceRules=urls, incomplete=bool(why), evaluationError=why
        )
        return replace(obj, status=status)


class SelfReviews:
    """SelfSubjectReview: who am I?"""

    async def review(self, context: RequestContext, obj: authentication.SelfSubjectReview) -> Kind:
        """Source of ReviewHandler.review."""
        return replace(obj, status=authentication.SelfSubjectReviewStatus(userInfo=user_info(context.user)))


class TokenReviews:
    """TokenReview: whose token is this?"""

    def __init__(self, tokens: TokenAuthenticator, audiences: tuple[str, ...]) -> None:
        self._tokens = tokens
        self._audiences = audiences

    async def review(self, context: RequestContext, obj: authentication.TokenReview) -> Kind:
        """Source of ReviewHandler.review."""
        if not obj.spec.token:
            raise BadRequest("token is required for TokenReview in authentication")
        try:
            known = await self._tokens.verify(obj.spec.token, obj.spec.audiences or self._audiences)
        except Unauthorized as error:
            return replace(obj, status=authentication.TokenReviewStatus(error=error.message))
        if known is None:
            return replace(obj, status=authentication.TokenReviewStatus(error=INVALID))
        user = user_info(authenticated(known.user))
        status = authentication.TokenReviewStatus(authenticated=True, user=user, audiences=known.audiences)
        return replace(obj, status=status)


def user_info(user: UserInfo) -> authentication.UserInfo:
    """A user as the API shows it."""
    return authentication.UserInfo(username=user.name, uid=user.uid, groups=user.groups, extra=user.extra)


def review_handlers(
    authorizer: UnionAuthorizer, tokens: TokenAuthenticator, audiences: tuple[str, ...]
) -> Mapping[type[Kind], ReviewHandler]:
    """Who answers which kind."""
    access = AccessReviews(authorizer)
    return {
        authorization.SubjectAccessReview: access,
        authorization.LocalSubjectAccessReview: access,
        authorization.SelfSubjectAccessReview: SelfAccessReviews(authorizer),
        authorization.SelfSubjectRulesReview: SelfRulesReviews(authorizer),
        authentication.SelfSubjectReview: SelfReviews(),
        authentication.TokenReview: TokenReviews(tokens, audiences),
    }
