"""Why a piece of a pod's work failed, in the words that statuses and Events use."""

from datetime import timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Reasons of waiting states. Source: pkg/kubelet/container/sync_result.go, pkg/kubelet/images/types.go."""

    ERR_IMAGE_PULL = "ErrImagePull"
    IMAGE_PULL_BACK_OFF = "ImagePullBackOff"
    ERR_IMAGE_NEVER_PULL = "ErrImageNeverPull"
    IMAGE_INSPECT_ERROR = "ImageInspectError"
    INVALID_IMAGE_NAME = "InvalidImageName"
    CREATE_CONTAINER_CONFIG_ERROR = "CreateContainerConfigError"
    CREATE_CONTAINER_ERROR = "CreateContainerError"
    RUN_CONTAINER_ERROR = "RunContainerError"
    POST_START_HOOK_ERROR = "PostStartHookError"
    CREATE_SANDBOX_ERROR = "CreatePodSandboxError"
    KILL_CONTAINER_ERROR = "KillContainerError"
    KILL_SANDBOX_ERROR = "KillPodSandboxError"
    MOUNT_ERROR = "FailedMount"
    CGROUP_ERROR = "FailedCreatePodContainer"


class WorkFailed(Exception):
    """Work that is tried again later; `message` is for the status."""

    def __init__(self, reason: Reason, message: str, retry_after: timedelta | None = None) -> None:
        """`retry_after` None: soon, later each time."""
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry_after = retry_after
