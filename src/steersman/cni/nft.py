"""Applies nftables commands by the nft program, in a network namespace. Blocks."""

import subprocess
from pathlib import Path

APPLY_SECONDS = 10.0


class NftFailed(Exception):
    """nft refused the commands; `reason` is what it said."""

    def __init__(self, reason: str) -> None:
        """Keep the program's words."""
        super().__init__(reason)
        self.reason = reason


def apply(namespace: Path | None, commands: str) -> None:
    """Apply the commands as one transaction."""
    enter = [] if namespace is None else ["nsenter", f"--net={namespace}", "--"]
    done = subprocess.run(
        [*enter, "nft", "-f", "-"],
        input=commands,
        capture_output=True,
        text=True,
        check=False,
        timeout=APPLY_SECONDS,
    )
    if done.returncode != 0:
        raise NftFailed(done.stderr.strip())
