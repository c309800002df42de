"""Where the machine's programs are."""

import os

SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def extend_path() -> None:
    """Let this process and its children find what only root's shell has on its path, such as nft."""
    present = os.environ.get("PATH", "").split(os.pathsep)
    missing = (directory for directory in SYSTEM_DIRECTORIES if directory not in present)
    os.environ["PATH"] = os.pathsep.join(filter(None, (*present, *missing)))
