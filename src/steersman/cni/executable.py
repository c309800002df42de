"""The program that a container runtime runs for the network: it hands all to the node process.

conflist.install copies this file under the plugins' names, with the socket's path filled in. It
runs twice and more for each pod, so it imports only what starts fast, and nothing of steersman.
What goes out: `KEY=value` for each CNI variable, each ended by a NUL, one more NUL, then standard
input. What comes back: the exit code as one digit, then standard output.
"""

import os
import sys
from _socket import AF_UNIX, SHUT_WR, SOCK_STREAM, socket

SOCKET = "@SOCKET@"
ANSWER_SECONDS = 60.0
VERSIONS = '{"cniVersion":"1.0.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0"]}'
AWAY = '{"cniVersion":"1.0.0","code":11,"msg":"the node process is away, try again later"}'


def main() -> int:
    """Ask the node process and print its answer; the exit code."""
    if os.environ.get("CNI_COMMAND") == "VERSION":
        sys.stdout.write(VERSIONS)
        return 0
    said = "".join(f"{key}={value}\0" for key, value in os.environ.items() if key.startswith("CNI_"))
    try:
        answer = ask(said.encode() + b"\0" + sys.stdin.buffer.read())
    except OSError:
        answer = b""
    if not answer:
        sys.stdout.write(AWAY)
        return 1
    sys.stdout.write(answer[1:].decode())
    return int(answer[:1])


def ask(request: bytes) -> bytes:
    """Send a request and read the answer to its end."""
    connection = socket(AF_UNIX, SOCK_STREAM)
    connection.settimeout(ANSWER_SECONDS)
    connection.connect(SOCKET)
    connection.sendall(request)
    connection.shutdown(SHUT_WR)
    answer = b""
    while True:
        part = connection.recv(65536)
        if not part:
            return answer
        answer += part


if __name__ == "__main__":
    sys.exit(main())
