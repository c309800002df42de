"""The words of a refusal. Source: apiserver/pkg/endpoints/handlers/responsewriters/errors.go."""

from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import InternalError, StatusError, forbidden
from steersman.apiserver.attributes import Decision
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo


def denial(user: UserInfo, info: RequestInfo, decision: Decision) -> StatusError:
    """`pods "x" is forbidden: User "u" cannot get resource "pods" in API group "" in the namespace "n": why`.

    Who might have allowed it but couldn't be asked is an error of the server's.
    """
    if decision.error:
        return InternalError(f"Internal Server Error: {quote(info.path)}: {decision.error}")
    why = f'User "{user.name}" cannot {_attempt(info)}'
    if decision.reason:
        why += f": {decision.reason}"
    if not info.is_resource:
        return forbidden("", "", why)
    resource = f"{info.resource}.{info.group}" if info.group else info.resource
    return forbidden(resource, info.name, why)


def _attempt(info: RequestInfo) -> str:
    if not info.is_resource:
        return f'{info.verb} path "{info.path}"'
    resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    attempt = f'{info.verb} resource "{resource}" in API group "{info.group}"'
    if info.namespace:
        return f'{attempt} in the namespace "{info.namespace}"'
    return f"{attempt} at the cluster scope"
