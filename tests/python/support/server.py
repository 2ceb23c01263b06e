"""Starts the conformance server, one process per call."""

import os
import re
import subprocess
from pathlib import Path

PROGRAM = os.environ.get(
    "CONFORMANCE_SERVER",
    str(Path(__file__).parents[3] / "target/release/conformance-server"),
)

# Longer than any test runs: a busy machine is never late.
PATIENT = {
    "PING_INTERVAL": "25000",
    "PING_TIMEOUT": "20000",
    "UPGRADE_TIMEOUT": "20000",
    "CONNECT_TIMEOUT": "20000",
}


class Server:
    """A profile on a free port. `env` overrides its times, in milliseconds.

    It ends with `stop`, and however this process ends: it reads our end of its
    standard input.
    """

    def __init__(self, profile, env):
        self._process = subprocess.Popen(
            [PROGRAM, "--profile", profile, "--until-eof"],
            env={**os.environ, **PATIENT, "HOST": "127.0.0.1", "PORT": "0", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self._process.stdout.readline()
        found = re.fullmatch(r"ready (http://\S+)\n", ready)
        if not found:
            self.stop()
            raise RuntimeError(f"{PROGRAM} --profile {profile}: not ready but {ready!r}")
        self.url = found[1]

    def is_running(self):
        return self._process.poll() is None

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
