"""Every pod has a service account, and its token where it wants it.

Source: plugin/pkg/admission/serviceaccount.
"""

from random import Random

from steersman.api import core
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import forbidden
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE, Plugin
from steersman.apiserver.attributes import AdmissionAttributes
from steersman.apiserver.verbs.write import NAME_ALPHABET, NAME_SUFFIX_LENGTH
from steersman.component.clock import Clock

DEFAULT_ACCOUNT = "default"
MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
VOLUME_PREFIX = "kube-api-access-"
# Just over an hour: kubelets renew at 80%, and 7 seconds make such tokens easy to tell. Source: admission.go.
TOKEN_SECONDS = 3607
# The default account is made by a controller soon after its namespace: one waits a little for it.
DEFAULT_TRIES, SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 10, 0.1, 0.2


class ServiceAccount(Plugin):
    """See the module."""

    name = "ServiceAccount"
    operations = CREATE

    def __init__(self, lookup: Lookup, random: Random, clock: Clock) -> None:
        self._lookup = lookup
        self._random = random
        self._clock = clock

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Name the account, mount its token, take over its pull secrets."""
        pod = attributes.object
        if not isinstance(pod, core.Pod) or attributes.subresource or MIRROR_ANNOTATION in pod.metadata.annotations:
            return pod
        name = pod.spec.serviceAccountName or DEFAULT_ACCOUNT
        account = await self._account(attributes.namespace, name)
        if account is None:
            why = f'error looking up service account {attributes.namespace}/{name}: serviceaccount "{name}" not found'
            raise forbidden("pods", attributes.name, why)
        spec = replace(pod.spec, serviceAccountName=name, serviceAccount=name)
        if not spec.imagePullSecrets:
            spec = replace(spec, imagePullSecrets=account.imagePullSecrets)
        if wants_token(spec, account):
            suffix = "".join(self._random.choices(NAME_ALPHABET, k=NAME_SUFFIX_LENGTH))
            spec = with_token(spec, VOLUME_PREFIX + suffix)
        return replace(pod, spec=spec)

    async def _account(self, namespace: str, name: str) -> core.ServiceAccount | None:
        account = self._lookup.find(core.ServiceAccount, namespace, name)
        pause = self._random.uniform(SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        for attempt in range(DEFAULT_TRIES if name == DEFAULT_ACCOUNT else 1):
            if account is not None:
                break
            if attempt:
                await self._clock.sleep(pause)
            # It may have been made a moment ago.
            await self._lookup.catch_up()
            account = self._lookup.find(core.ServiceAccount, namespace, name)
        return account

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """A mirror pod, which no account made, may not use one."""
        pod = attributes.object
        if isinstance(pod, core.Pod) and MIRROR_ANNOTATION in pod.metadata.annotations and pod.spec.serviceAccountName:
            raise forbidden("pods", attributes.name, "a mirror pod may not reference service accounts")


def wants_token(spec: core.PodSpec, account: core.ServiceAccount) -> bool:
    """The pod's word counts before the account's; silence means yes."""
    if spec.automountServiceAccountToken is not None:
        return spec.automountServiceAccountToken
    return account.automountServiceAccountToken is not False


def with_token(spec: core.PodSpec, volume_name: str) -> core.PodSpec:
    """The token volume, mounted in every container that mounts nothing there itself."""
    volume_name = next((v.name for v in spec.volumes if v.name.startswith(VOLUME_PREFIX)), volume_name)
    mount = core.VolumeMount(name=volume_name, readOnly=True, mountPath=TOKEN_PATH)

    def mounted(container: core.Container) -> core.Container:
        if any(one.mountPath == TOKEN_PATH for one in container.volumeMounts):
            return container
        return replace(container, volumeMounts=(*container.volumeMounts, mount))

    containers, inits = tuple(map(mounted, spec.containers)), tuple(map(mounted, spec.initContainers))
    if (containers, inits) == (spec.containers, spec.initContainers):
        return spec
    volumes = spec.volumes
    if all(volume.name != volume_name for volume in volumes):
        volumes = (*volumes, token_volume(volume_name))
    return replace(spec, containers=containers, initContainers=inits, volumes=volumes)


def token_volume(name: str) -> core.Volume:
    """Token, CA certificate and namespace in one volume."""
    field = core.ObjectFieldSelector(apiVersion="v1", fieldPath="metadata.namespace")
    sources = (
        core.VolumeProjection(
            serviceAccountToken=core.ServiceAccountTokenProjection(expirationSeconds=TOKEN_SECONDS, path="token")
        ),
        core.VolumeProjection(
            configMap=core.ConfigMapProjection(
                name="kube-root-ca.crt", items=(core.KeyToPath(key="ca.crt", path="ca.crt"),)
            )
        ),
        core.VolumeProjection(
            downwardAPI=core.DownwardAPIProjection(
                items=(core.DownwardAPIVolumeFile(path="namespace", fieldRef=field),)
            )
        ),
    )
    return core.Volume(name=name, projected=core.ProjectedVolumeSource(sources=sources, defaultMode=0o644))
