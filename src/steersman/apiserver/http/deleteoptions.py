"""What the body or the query of a DELETE asks for.

Source: apiserver/pkg/endpoints/handlers/delete.go, apimachinery/pkg/apis/meta/v1/validation: ValidateDeleteOptions.
"""

from steersman.api.meta import DeleteOptions
from steersman.apimachinery.codec import protobuf, yaml
from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.codec.negotiate import PROTOBUF, body_type
from steersman.apimachinery.status import BadRequest, Cause, invalid
from steersman.apiserver.context import RequestContext
from steersman.apiserver.http.body import READ, object_of, read_body
from steersman.component.http.message import Request


async def read_delete_options(context: RequestContext, request: Request) -> DeleteOptions:
    """From the body, or from the query when there is none."""
    data = await read_body(request)
    if data:
        options = _read(data, body_type(request.headers.get("content-type", ""), READ), context.warnings)
        if context.trail is not None:
            context.trail.request_object(options)
    else:
        orphan = context.query.get("orphanDependents")
        options = DeleteOptions(
            gracePeriodSeconds=context.integer("gracePeriodSeconds"),
            propagationPolicy=context.query.get("propagationPolicy") or None,
            orphanDependents=(orphan == "true") if orphan else None,
        )
    _check_delete_options(options)
    return options


def _read(data: bytes, media_type: str, warnings: list[str]) -> DeleteOptions:
    try:
        if media_type == PROTOBUF:
            return protobuf.decode(data, DeleteOptions)
        tree = yaml.parse(data)
    except DecodeError as error:
        raise BadRequest(f"couldn't get version/kind; {error}") from error
    if not isinstance(tree, dict):
        raise BadRequest("couldn't get version/kind; json parse error: not an object")
    # Any group's version of DeleteOptions is the same thing.
    tree = {name: value for name, value in tree.items() if name not in ("kind", "apiVersion")}
    return object_of(tree, DeleteOptions, "Ignore", warnings)


def _check_delete_options(options: DeleteOptions) -> None:
    causes = []
    policies = ("Foreground", "Background", "Orphan")
    if options.propagationPolicy is not None and options.orphanDependents is not None:
        detail = "Invalid value: orphanDependents and deletionPropagation cannot be both set"
        causes.append(Cause("FieldValueInvalid", detail, "propagationPolicy"))
    elif options.propagationPolicy is not None and options.propagationPolicy not in policies:
        supported = ", ".join(f'"{policy}"' for policy in (*policies, "nil"))
        detail = f'Unsupported value: "{options.propagationPolicy}": supported values: {supported}'
        causes.append(Cause("FieldValueNotSupported", detail, "propagationPolicy"))
    if any(value != "All" for value in options.dryRun):
        detail = f'Unsupported value: {options.dryRun}: supported values: "All"'
        causes.append(Cause("FieldValueNotSupported", detail, "dryRun"))
    if causes:
        raise invalid("DeleteOptions.meta.k8s.io", "", causes)
