"""`--runtime-config`: which APIs are served, by version or by resource.

Source: apiserver/pkg/server/resourceconfig/helpers.go: MergeAPIResourceConfigs.
"""

import re
from collections.abc import Mapping, Sequence

from steersman.api.resources import OPTIONAL_RESOURCES, RESOURCES, Resource

_STAGES = {
    "api/all": re.compile(""),
    "api/ga": re.compile(r"v\d+$"),
    "api/beta": re.compile(r"v\d+beta\d+$"),
    "api/alpha": re.compile(r"v\d+alpha\d+$"),
}


def served_resources(config: Mapping[str, bool]) -> Sequence[Resource]:
    """The resources that are served by default, with some more and without some. The narrowest word counts."""
    return tuple(
        [one for one in RESOURCES if _said(one, config, default=True)]
        + [one for one in _optional(config) if _said(one, config, default=False)]
    )


def _optional(config: Mapping[str, bool]) -> Sequence[Resource]:
    if not any(config.values()):
        return ()
    # Their types are made only where somebody may want one.
    from steersman.api.older.table import older_resources

    return (*OPTIONAL_RESOURCES, *older_resources())


def _said(resource: Resource, config: Mapping[str, bool], *, default: bool) -> bool:
    version = resource.gvk.api_version
    for key in (f"{version}/{resource.plural}", version):
        if key in config:
            return config[key]
    if not resource.group:
        return default  # the core of it all is no stage
    # `api/all` is the widest word, and looked at last.
    said = [config[key] for key in ("api/alpha", "api/beta", "api/ga", "api/all") if _is_in(resource, key, config)]
    return said[0] if said else default


def _is_in(resource: Resource, stage: str, config: Mapping[str, bool]) -> bool:
    return stage in config and _STAGES[stage].match(resource.version) is not None
