"""A container's environment: the sources fetched, the values put together in upstream's order.

Source: pkg/kubelet/kubelet_pods.go: makeEnvironmentVariables.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from steersman.api.core import ConfigMap, Container, EnvFromSource, EnvVarSource, Pod, Secret, Service
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import NotFound
from steersman.kubelet.downward import FieldNotSupportedError, field_value, resource_value
from steersman.kubelet.env import expand, service_variables
from steersman.kubelet.podworker.actions import all_containers
from steersman.kubelet.podworker.failures import Reason, WorkFailed
from steersman.kubelet.references import References


@dataclass(frozen=True, slots=True)
class PodPlace:
    """What a pod's containers may learn of where they are."""

    ips: tuple[str, ...]
    host_ips: tuple[str, ...]
    allocatable: Mapping[str, Quantity]


class Environment:
    """Makes containers' environments."""

    def __init__(self, references: References, services: Callable[[], Iterable[Service]]) -> None:
        """`services` are all Services the node knows of."""
        self._references, self._services = references, services

    async def variables(self, pod: Pod, container: Container, place: PodPlace) -> dict[str, str]:
        """Every variable; WorkFailed (CreateContainerConfigError) when a source is missing."""
        namespace = pod.metadata.namespace
        links = pod.spec.enableServiceLinks is not False
        from_services = service_variables(self._services(), namespace, has_links=links)
        found: dict[str, str] = {}
        for source in container.envFrom:
            found.update(await self._whole(source, namespace))
        # Expansion sees what stands before it, and the services.
        for variable in container.env:
            if variable.valueFrom is None:
                found[variable.name] = expand(variable.value, from_services | found)
                continue
            value = await self._one(variable.valueFrom, pod, container, place)
            if value is not None:
                found[variable.name] = value
        return from_services | found

    async def _whole(self, source: EnvFromSource, namespace: str) -> dict[str, str]:
        values: Mapping[str, str] = {}
        try:
            if source.configMapRef is not None:
                config_map = await self._references.get(ConfigMap, namespace, source.configMapRef.name)
                values = config_map.data
            elif source.secretRef is not None:
                secret = await self._references.get(Secret, namespace, source.secretRef.name)
                values = {key: value.decode(errors="replace") for key, value in secret.data.items()}
        except NotFound as error:
            reference = source.configMapRef or source.secretRef
            if reference is not None and reference.optional:
                return {}
            raise _config_error(str(error)) from error
        return {source.prefix + key: value for key, value in values.items()}

    async def _one(self, source: EnvVarSource, pod: Pod, container: Container, place: PodPlace) -> str | None:
        try:
            if source.fieldRef is not None:
                return field_value(pod, source.fieldRef.fieldPath, place.ips, place.host_ips)
            if source.resourceFieldRef is not None:
                about = all_containers(pod).get(source.resourceFieldRef.containerName, container)
                return resource_value(source.resourceFieldRef, about, place.allocatable)
        except FieldNotSupportedError as error:
            raise _config_error(str(error)) from error
        if source.configMapKeyRef is not None:
            return await self._config_map_key(source, pod.metadata.namespace)
        return await self._secret_key(source, pod.metadata.namespace)

    async def _config_map_key(self, source: EnvVarSource, namespace: str) -> str | None:
        reference = source.configMapKeyRef
        assert reference is not None
        try:
            data = (await self._references.get(ConfigMap, namespace, reference.name)).data
        except NotFound as error:
            if reference.optional:
                return None
            raise _config_error(str(error)) from error
        if reference.key not in data and not reference.optional:
            raise _config_error(f"couldn't find key {reference.key} in ConfigMap {namespace}/{reference.name}")
        return data.get(reference.key)

    async def _secret_key(self, source: EnvVarSource, namespace: str) -> str | None:
        reference = source.secretKeyRef
        if reference is None:
            return None
        try:
            data = (await self._references.get(Secret, namespace, reference.name)).data
        except NotFound as error:
            if reference.optional:
                return None
            raise _config_error(str(error)) from error
        if reference.key in data:
            return data[reference.key].decode(errors="replace")
        if reference.optional:
            return None
        raise _config_error(f"couldn't find key {reference.key} in Secret {namespace}/{reference.name}")


def _config_error(message: str) -> WorkFailed:
    return WorkFailed(Reason.CREATE_CONTAINER_CONFIG_ERROR, message)
