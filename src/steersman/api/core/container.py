"""Containers: what runs, how it is watched, and what became of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.reference import (
    ConfigMapKeySelector,
    FileKeySelector,
    LocalObjectReference,
    ObjectFieldSelector,
    PullPolicy,
    ResourceClaim,
    ResourceFieldSelector,
    SecretKeySelector,
)
from steersman.api.core.security import SecurityContext
from steersman.apimachinery.markers import (
    Atomic,
    Default,
    Int32,
    Int64,
    IntOrString,
    ListMap,
    ListSet,
    MergeBy,
    OneOf,
    Required,
    Wire,
    always,
)
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class GRPCProbeMode(StrEnum):
    """Whether a gRPC probe uses TLS."""

    PLAINTEXT = "Plaintext"
    TLS = "TLS"


class HTTPProtocol(StrEnum):
    """Whether an HTTP probe uses TLS."""

    HTTP1 = "HTTP1"
    HTTP2 = "HTTP2"


class MountPropagationMode(StrEnum):
    """Whether mounts made inside the container or on the node are seen on the other side."""

    NONE = "None"
    HOST_TO_CONTAINER = "HostToContainer"
    BIDIRECTIONAL = "Bidirectional"


class Protocol(StrEnum):
    """A transport protocol."""

    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"


class Signal(StrEnum):
    """A signal that ends a container, by name."""

    SIGABRT = "SIGABRT"
    SIGALRM = "SIGALRM"
    SIGBUS = "SIGBUS"
    SIGCHLD = "SIGCHLD"
    SIGCLD = "SIGCLD"
    SIGCONT = "SIGCONT"
    SIGFPE = "SIGFPE"
    SIGHUP = "SIGHUP"
    SIGILL = "SIGILL"
    SIGINT = "SIGINT"
    SIGIO = "SIGIO"
    SIGIOT = "SIGIOT"
    SIGKILL = "SIGKILL"
    SIGPIPE = "SIGPIPE"
    SIGPOLL = "SIGPOLL"
    SIGPROF = "SIGPROF"
    SIGPWR = "SIGPWR"
    SIGQUIT = "SIGQUIT"
    SIGSEGV = "SIGSEGV"
    SIGSTKFLT = "SIGSTKFLT"
    SIGSTOP = "SIGSTOP"
    SIGSYS = "SIGSYS"
    SIGTERM = "SIGTERM"
    SIGTRAP = "SIGTRAP"
    SIGTSTP = "SIGTSTP"
    SIGTTIN = "SIGTTIN"
    SIGTTOU = "SIGTTOU"
    SIGURG = "SIGURG"
    SIGUSR1 = "SIGUSR1"
    SIGUSR2 = "SIGUSR2"
    SIGVTALRM = "SIGVTALRM"
    SIGWINCH = "SIGWINCH"
    SIGXCPU = "SIGXCPU"
    SIGXFSZ = "SIGXFSZ"
    SIGRTMIN = "SIGRTMIN"
    SIGRTMIN_1 = "SIGRTMIN+1"
    SIGRTMIN_2 = "SIGRTMIN+2"
    SIGRTMIN_3 = "SIGRTMIN+3"
    SIGRTMIN_4 = "SIGRTMIN+4"
    SIGRTMIN_5 = "SIGRTMIN+5"
    SIGRTMIN_6 = "SIGRTMIN+6"
    SIGRTMIN_7 = "SIGRTMIN+7"
    SIGRTMIN_8 = "SIGRTMIN+8"
    SIGRTMIN_9 = "SIGRTMIN+9"
    SIGRTMIN_10 = "SIGRTMIN+10"
    SIGRTMIN_11 = "SIGRTMIN+11"
    SIGRTMIN_12 = "SIGRTMIN+12"
    SIGRTMIN_13 = "SIGRTMIN+13"
    SIGRTMIN_14 = "SIGRTMIN+14"
    SIGRTMIN_15 = "SIGRTMIN+15"
    SIGRTMAX_14 = "SIGRTMAX-14"
    SIGRTMAX_13 = "SIGRTMAX-13"
    SIGRTMAX_12 = "SIGRTMAX-12"
    SIGRTMAX_11 = "SIGRTMAX-11"
    SIGRTMAX_10 = "SIGRTMAX-10"
    SIGRTMAX_9 = "SIGRTMAX-9"
    SIGRTMAX_8 = "SIGRTMAX-8"
    SIGRTMAX_7 = "SIGRTMAX-7"
    SIGRTMAX_6 = "SIGRTMAX-6"
    SIGRTMAX_5 = "SIGRTMAX-5"
    SIGRTMAX_4 = "SIGRTMAX-4"
    SIGRTMAX_3 = "SIGRTMAX-3"
    SIGRTMAX_2 = "SIGRTMAX-2"
    SIGRTMAX_1 = "SIGRTMAX-1"
    SIGRTMAX = "SIGRTMAX"


class TerminationMessagePolicy(StrEnum):
    """Where a container's last words come from."""

    FILE = "File"
    FALLBACK_TO_LOGS_ON_ERROR = "FallbackToLogsOnError"


class URIScheme(StrEnum):
    """Whether a request is made in the clear."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"


class ContainerPort(Object, package="k8s.io.api.core.v1"):
    """A port that a container listens on."""

    name: Annotated[str, Wire(1)] = ""
    hostPort: Annotated[Int32, Wire(2)] = 0
    containerPort: Annotated[Int32, Wire(3), Required()] = always(0)
    protocol: Annotated[str, Wire(4), Default("TCP"), OneOf(Protocol)] = ""
    hostIP: Annotated[str, Wire(5)] = ""


class VolumeMount(Object, package="k8s.io.api.core.v1"):
    """Where in a container a volume of its pod appears."""

    name: Annotated[str, Wire(1), Required()] = always("")
    readOnly: Annotated[bool, Wire(2)] = False
    recursiveReadOnly: Annotated[str | None, Wire(7)] = None
    mountPath: Annotated[str, Wire(3), Required()] = always("")
    subPath: Annotated[str, Wire(4)] = ""
    mountPropagation: Annotated[str | None, Wire(5), OneOf(MountPropagationMode)] = None
    subPathExpr: Annotated[str, Wire(6)] = ""
    bindMountOptions: Annotated[tuple[str, ...], Wire(8), ListSet()] = ()


class VolumeDevice(Object, package="k8s.io.api.core.v1"):
    """Where in a container a raw block volume appears."""

    name: Annotated[str, Wire(1), Required()] = always("")
    devicePath: Annotated[str, Wire(2), Required()] = always("")


class EnvVarSource(Object, package="k8s.io.api.core.v1"):
    """Where the value of a variable comes from; one of its fields is set."""

    fieldRef: Annotated[ObjectFieldSelector | None, Wire(1)] = None
    resourceFieldRef: Annotated[ResourceFieldSelector | None, Wire(2)] = None
    configMapKeyRef: Annotated[ConfigMapKeySelector | None, Wire(3)] = None
    secretKeyRef: Annotated[SecretKeySelector | None, Wire(4)] = None
    fileKeyRef: Annotated[FileKeySelector | None, Wire(5)] = None


class EnvVar(Object, package="k8s.io.api.core.v1"):
    """A variable of a container's environment, given or taken from elsewhere."""

    name: Annotated[str, Wire(1), Required()] = always("")
    value: Annotated[str, Wire(2)] = ""
    valueFrom: Annotated[EnvVarSource | None, Wire(3)] = None


class ConfigMapEnvSource(LocalObjectReference, inline=1, package="k8s.io.api.core.v1"):
    """A ConfigMap whose every entry becomes a variable."""

    optional: Annotated[bool | None, Wire(2)] = None


class SecretEnvSource(LocalObjectReference, inline=1, package="k8s.io.api.core.v1"):
    """A Secret whose every entry becomes a variable."""

    optional: Annotated[bool | None, Wire(2)] = None


class EnvFromSource(Object, package="k8s.io.api.core.v1"):
    """Variables from a whole ConfigMap or Secret."""

    prefix: Annotated[str, Wire(1)] = ""
    configMapRef: Annotated[ConfigMapEnvSource | None, Wire(2)] = None
    secretRef: Annotated[SecretEnvSource | None, Wire(3)] = None


class HTTPHeader(Object, package="k8s.io.api.core.v1"):
    """A header of a probe's request."""

    name: Annotated[str, Wire(1), Required()] = always("")
    value: Annotated[str, Wire(2), Required()] = always("")


class HTTPGetAction(Object, package="k8s.io.api.core.v1"):
    """An HTTP request; an answer from 200 to 399 is good."""

    path: Annotated[str, Wire(1)] = ""
    port: Annotated[IntOrString, Wire(2), Required()] = always(0)
    host: Annotated[str, Wire(3)] = ""
    scheme: Annotated[str, Wire(4), OneOf(URIScheme)] = ""
    httpHeaders: Annotated[tuple[HTTPHeader, ...], Wire(5), Atomic()] = ()
    protocol: Annotated[str | None, Wire(6), OneOf(HTTPProtocol)] = None


class TCPSocketAction(Object, package="k8s.io.api.core.v1"):
    """A TCP connection; that it opens is good."""

    port: Annotated[IntOrString, Wire(1), Required()] = always(0)
    host: Annotated[str, Wire(2)] = ""


class GRPCAction(Object, package="k8s.io.api.core.v1"):
    """A call of gRPC's health service."""

    port: Annotated[Int32, Wire(1), Required()] = always(0)
    service: Annotated[str | None, Wire(2)] = None
    mode: Annotated[str | None, Wire(3), OneOf(GRPCProbeMode)] = None


class ExecAction(Object, package="k8s.io.api.core.v1"):
    """A command in the container; exit code 0 is good."""

    command: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()


class SleepAction(Object, package="k8s.io.api.core.v1"):
    """Waiting for a number of seconds."""

    seconds: Annotated[Int64, Wire(1), Required()] = always(0)


class ProbeHandler(Object, package="k8s.io.api.core.v1"):
    """What a probe does; one of its fields is set."""

    exec: Annotated[ExecAction | None, Wire(1)] = None
    httpGet: Annotated[HTTPGetAction | None, Wire(2)] = None
    tcpSocket: Annotated[TCPSocketAction | None, Wire(3)] = None
    grpc: Annotated[GRPCAction | None, Wire(4)] = None


class Probe(ProbeHandler, inline=1, package="k8s.io.api.core.v1"):
    """How and how often the kubelet asks after a container, and how many answers make up its mind."""

    initialDelaySeconds: Annotated[Int32, Wire(2)] = 0
    timeoutSeconds: Annotated[Int32, Wire(3)] = 0
    periodSeconds: Annotated[Int32, Wire(4)] = 0
    successThreshold: Annotated[Int32, Wire(5)] = 0
    failureThreshold: Annotated[Int32, Wire(6)] = 0
    terminationGracePeriodSeconds: Annotated[Int64 | None, Wire(7)] = None


class ContainerResizePolicy(Object, package="k8s.io.api.core.v1"):
    """Whether a change of a resource needs a restart of the container."""

    resourceName: Annotated[str, Wire(1), Required()] = always("")
    restartPolicy: Annotated[str, Wire(2), Required()] = always("")


class ResourceRequirements(Object, package="k8s.io.api.core.v1"):
    """What a container is promised of each resource, and what it gets at most."""

    limits: Annotated[Mapping[str, Quantity], Wire(1)] = {}
    requests: Annotated[Mapping[str, Quantity], Wire(2)] = {}
    claims: Annotated[tuple[ResourceClaim, ...], Wire(3), ListMap("name")] = ()


class ContainerRestartRuleOnExitCodes(Object, package="k8s.io.api.core.v1"):
    """Exit codes that a rule applies to, or doesn't."""

    operator: Annotated[str, Wire(1), Required()] = ""
    values: Annotated[tuple[Int32, ...], Wire(2), ListSet()] = ()


class ContainerRestartRule(Object, package="k8s.io.api.core.v1"):
    """What is done after a container's end that the rule applies to."""

    action: Annotated[str, Wire(1), Required()] = ""
    exitCodes: Annotated[ContainerRestartRuleOnExitCodes | None, Wire(2)] = None


class LifecycleHandler(Object, package="k8s.io.api.core.v1"):
    """What a hook does; one of its fields is set."""

    exec: Annotated[ExecAction | None, Wire(1)] = None
    httpGet: Annotated[HTTPGetAction | None, Wire(2)] = None
    tcpSocket: Annotated[TCPSocketAction | None, Wire(3)] = None
    sleep: Annotated[SleepAction | None, Wire(4)] = None


class Lifecycle(Object, package="k8s.io.api.core.v1"):
    """Hooks after a container's start and before its end."""

    postStart: Annotated[LifecycleHandler | None, Wire(1)] = None
    preStop: Annotated[LifecycleHandler | None, Wire(2)] = None
    stopSignal: Annotated[str | None, Wire(3), OneOf(Signal)] = None


class Container(Object, package="k8s.io.api.core.v1"):
    """A container of a pod: its image, what it runs, and what it is given."""

    name: Annotated[str, Wire(1), Required()] = always("")
    image: Annotated[str, Wire(2)] = ""
    command: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    args: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    workingDir: Annotated[str, Wire(5)] = ""
    ports: Annotated[
        tuple[ContainerPort, ...], Wire(6), MergeBy("containerPort"), ListMap("containerPort", "protocol")
    ] = ()
    envFrom: Annotated[tuple[EnvFromSource, ...], Wire(19), Atomic()] = ()
    env: Annotated[tuple[EnvVar, ...], Wire(7), MergeBy("name"), ListMap("name")] = ()
    resources: Annotated[ResourceRequirements, Wire(8)] = always(ResourceRequirements)
    resizePolicy: Annotated[tuple[ContainerResizePolicy, ...], Wire(23), Atomic()] = ()
    restartPolicy: Annotated[str | None, Wire(24)] = None
    restartPolicyRules: Annotated[tuple[ContainerRestartRule, ...], Wire(25), Atomic()] = ()
    volumeMounts: Annotated[tuple[VolumeMount, ...], Wire(9), MergeBy("mountPath"), ListMap("mountPath")] = ()
    volumeDevices: Annotated[tuple[VolumeDevice, ...], Wire(21), MergeBy("devicePath"), ListMap("devicePath")] = ()
    livenessProbe: Annotated[Probe | None, Wire(10)] = None
    readinessProbe: Annotated[Probe | None, Wire(11)] = None
    startupProbe: Annotated[Probe | None, Wire(22)] = None
    lifecycle: Annotated[Lifecycle | None, Wire(12)] = None
    terminationMessagePath: Annotated[str, Wire(13)] = ""
    terminationMessagePolicy: Annotated[str, Wire(20), OneOf(TerminationMessagePolicy)] = ""
    imagePullPolicy: Annotated[str, Wire(14), OneOf(PullPolicy)] = ""
    securityContext: Annotated[SecurityContext | None, Wire(15)] = None
    stdin: Annotated[bool, Wire(16)] = False
    stdinOnce: Annotated[bool, Wire(17)] = False
    tty: Annotated[bool, Wire(18)] = False


class ContainerStateWaiting(Object, package="k8s.io.api.core.v1"):
    """Why a container doesn't run yet."""

    reason: Annotated[str, Wire(1)] = ""
    message: Annotated[str, Wire(2)] = ""


class ContainerStateRunning(Object, package="k8s.io.api.core.v1"):
    """Since when a container runs."""

    startedAt: Annotated[Time | None, Wire(1)] = None


class ContainerStateTerminated(Object, package="k8s.io.api.core.v1"):
    """When, how and why a container ended."""

    exitCode: Annotated[Int32, Wire(1), Required()] = always(0)
    signal: Annotated[Int32, Wire(2)] = 0
    reason: Annotated[str, Wire(3)] = ""
    message: Annotated[str, Wire(4)] = ""
    startedAt: Annotated[Time | None, Wire(5)] = None
    finishedAt: Annotated[Time | None, Wire(6)] = None
    containerID: Annotated[str, Wire(7)] = ""


class ContainerState(Object, package="k8s.io.api.core.v1"):
    """Whether a container waits, runs or has ended; one of its fields is set."""

    waiting: Annotated[ContainerStateWaiting | None, Wire(1)] = None
    running: Annotated[ContainerStateRunning | None, Wire(2)] = None
    terminated: Annotated[ContainerStateTerminated | None, Wire(3)] = None


class LinuxContainerUser(Object, package="k8s.io.api.core.v1"):
    """The user and groups that a container's first process has."""

    uid: Annotated[Int64, Wire(1), Required()] = always(0)
    gid: Annotated[Int64, Wire(2), Required()] = always(0)
    supplementalGroups: Annotated[tuple[Int64, ...], Wire(3), Atomic()] = ()


class ContainerUser(Object, package="k8s.io.api.core.v1"):
    """The user a container runs as."""

    linux: Annotated[LinuxContainerUser | None, Wire(1)] = None


class ResourceHealth(Object, package="k8s.io.api.core.v1"):
    """The health of one device."""

    resourceID: Annotated[str, Wire(1), Required()] = always("")
    health: Annotated[str, Wire(2)] = ""
    message: Annotated[str | None, Wire(6)] = None


class ResourceStatus(Object, package="k8s.io.api.core.v1"):
    """The health of the devices that a container was given."""

    name: Annotated[str, Wire(1), Required()] = always("")
    resources: Annotated[tuple[ResourceHealth, ...], Wire(2), ListMap("resourceID")] = ()


class ImageVolumeStatus(Object, package="k8s.io.api.core.v1"):
    """The image that is mounted as a volume."""

    imageRef: Annotated[str, Wire(1), Required()] = ""


class VolumeStatus(Object, package="k8s.io.api.core.v1"):
    """What is known of a mounted volume."""

    image: Annotated[ImageVolumeStatus | None, Wire(1)] = None


class VolumeMountStatus(Object, package="k8s.io.api.core.v1"):
    """A mount as it was made."""

    name: Annotated[str, Wire(1), Required()] = always("")
    mountPath: Annotated[str, Wire(2), Required()] = always("")
    readOnly: Annotated[bool, Wire(3)] = False
    recursiveReadOnly: Annotated[str | None, Wire(4)] = None
    volumeStatus: Annotated[VolumeStatus | None, Wire(5)] = None


class ContainerStatus(Object, package="k8s.io.api.core.v1"):
    """How a container is doing: state, the state before, restarts, and what it was given."""

    name: Annotated[str, Wire(1), Required()] = always("")
    state: Annotated[ContainerState, Wire(2)] = always(ContainerState)
    lastState: Annotated[ContainerState, Wire(3)] = always(ContainerState)
    ready: Annotated[bool, Wire(4), Required()] = always(False)
    restartCount: Annotated[Int32, Wire(5), Required()] = always(0)
    image: Annotated[str, Wire(6), Required()] = always("")
    imageID: Annotated[str, Wire(7), Required()] = always("")
    containerID: Annotated[str, Wire(8)] = ""
    started: Annotated[bool | None, Wire(9)] = None
    allocatedResources: Annotated[Mapping[str, Quantity], Wire(10)] = {}
    resources: Annotated[ResourceRequirements | None, Wire(11)] = None
    volumeMounts: Annotated[tuple[VolumeMountStatus, ...], Wire(12), MergeBy("mountPath"), ListMap("mountPath")] = ()
    user: Annotated[ContainerUser | None, Wire(13)] = None
    allocatedResourcesStatus: Annotated[tuple[ResourceStatus, ...], Wire(14), MergeBy("name"), ListMap("name")] = ()
    stopSignal: Annotated[str | None, Wire(15), OneOf(Signal)] = None


class ContainerExtendedResourceRequest(Object, package="k8s.io.api.core.v1"):
    """The device request that an extended resource of a container became."""

    containerName: Annotated[str, Wire(1), Required()] = always("")
    resourceName: Annotated[str, Wire(2), Required()] = always("")
    requestName: Annotated[str, Wire(3), Required()] = always("")


class EphemeralContainerCommon(Object, package="k8s.io.api.core.v1"):
    """What an ephemeral container has in common with any other."""

    name: Annotated[str, Wire(1), Required()] = always("")
    image: Annotated[str, Wire(2)] = ""
    command: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    args: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    workingDir: Annotated[str, Wire(5)] = ""
    ports: Annotated[
        tuple[ContainerPort, ...], Wire(6), MergeBy("containerPort"), ListMap("containerPort", "protocol")
    ] = ()
    envFrom: Annotated[tuple[EnvFromSource, ...], Wire(19), Atomic()] = ()
    env: Annotated[tuple[EnvVar, ...], Wire(7), MergeBy("name"), ListMap("name")] = ()
    resources: Annotated[ResourceRequirements, Wire(8)] = always(ResourceRequirements)
    resizePolicy: Annotated[tuple[ContainerResizePolicy, ...], Wire(23), Atomic()] = ()
    restartPolicy: Annotated[str | None, Wire(24)] = None
    restartPolicyRules: Annotated[tuple[ContainerRestartRule, ...], Wire(25), Atomic()] = ()
    volumeMounts: Annotated[tuple[VolumeMount, ...], Wire(9), MergeBy("mountPath"), ListMap("mountPath")] = ()
    volumeDevices: Annotated[tuple[VolumeDevice, ...], Wire(21), MergeBy("devicePath"), ListMap("devicePath")] = ()
    livenessProbe: Annotated[Probe | None, Wire(10)] = None
    readinessProbe: Annotated[Probe | None, Wire(11)] = None
    startupProbe: Annotated[Probe | None, Wire(22)] = None
    lifecycle: Annotated[Lifecycle | None, Wire(12)] = None
    terminationMessagePath: Annotated[str, Wire(13)] = ""
    terminationMessagePolicy: Annotated[str, Wire(20), OneOf(TerminationMessagePolicy)] = ""
    imagePullPolicy: Annotated[str, Wire(14), OneOf(PullPolicy)] = ""
    securityContext: Annotated[SecurityContext | None, Wire(15)] = None
    stdin: Annotated[bool, Wire(16)] = False
    stdinOnce: Annotated[bool, Wire(17)] = False
    tty: Annotated[bool, Wire(18)] = False


class EphemeralContainer(EphemeralContainerCommon, inline=1, package="k8s.io.api.core.v1"):
    """A container added to a running pod, for debugging; it is never restarted."""

    targetContainerName: Annotated[str, Wire(2)] = ""
