"""Jobs on a Ray cluster, through the HTTP of Ray Jobs: nothing of Ray is needed on this machine.

Ray without a token runs what anybody on the network sends, so only a head on this machine, or at
the end of an SSH tunnel, is spoken to without one. The token is kept in memory alone.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import shlex
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from napari_medssl.errors import NoAnswerError, UnreadableFileError, UsageError
from napari_medssl.jobs.cluster import Glimpse
from napari_medssl.jobs.log import without_paths
from napari_medssl.jobs.parcel import pack
from napari_medssl.jobs.paths import there
from napari_medssl.jobs.process import MARK

if TYPE_CHECKING:
    import requests

    from napari_medssl.jobs.engine_settings import RaySettings
    from napari_medssl.jobs.job import Job
    from napari_medssl.jobs.sent import Phase

_PHASES: dict[str, Phase] = {
    "PENDING": "waits",
    "RUNNING": "works",
    "SUCCEEDED": "over",
    "FAILED": "over",
    "STOPPED": "over",
}
_TIMES = (3.05, 10.0)  # seconds to connect, and to hear something
_WHOLE_S, _SENDING_S = 60.0, 600.0
_MOST_BYTES = 1 << 30
_UNKNOWN = b"does not exist"  # what Ray says of a job that it does not know
_MOST_WORDS = 200
#: seconds between asking a job's process to end and ending it; a packed one has files to send yet
_LEAVING_S, _PACKED_LEAVING_S = 5, 60


@dataclass(frozen=True)
class RayCluster:
    """Speaks to the head of a Ray cluster.

    Parameters
    ----------
    name : str
        What the user calls it.
    settings : RaySettings
        Where it is, and what jobs get.
    """

    name: str
    settings: RaySettings

    def check(self) -> str:
        """Return in words what answered.

        Raises
        ------
        UsageError
            If the address is none, or there is no token for one beyond this machine.
        NoAnswerError
            If nothing answers, or something else than Ray.
        """
        version = str(self._ask("GET", "version").get("ray_version", ""))
        self._ask("GET", "jobs/", listed=True)  # asks for the token, where the version may not
        return f"Ray {version} answers."

    def send(self, job: Job, attempt: int) -> str:
        """Start a job; its files go with it where no folder is shared."""
        handle = f"medssl-{job.spec.id}-{attempt}"
        of, leaving = self.settings, _LEAVING_S
        environment: dict[str, Any] = {}
        if of.packed:
            environment["working_dir"], leaving = self._deliver(job), _PACKED_LEAVING_S
            command = [of.python, "-P", "-m", "napari_medssl", "jobs", "receive", "."]
        else:
            command = [of.python, "-P", "-m", "napari_medssl", "jobs", "exec", "--sent"]
            command += [f"--path={here}={there_}" for here, there_ in of.paths.items()]
            command += [there(str(job.folder), of.paths)]
        environment["env_vars"] = {MARK: job.spec.id, "RAY_JOB_STOP_WAIT_TIME_S": str(leaving)}
        request = {
            "entrypoint": shlex.join(command),
            "submission_id": handle,
            "runtime_env": environment,
            "entrypoint_num_cpus": of.cpus,
            "entrypoint_num_gpus": of.gpus,
        }
        self._ask("POST", "jobs/", json=request)
        return handle

    def look(self, handle: str) -> Glimpse:
        """Look how a job is."""
        told = self._ask("GET", f"jobs/{quote(handle)}", missing=True)
        if not told:
            return Glimpse("over", "It is not known there any more: Ray was started anew.")
        phase = _PHASES.get(str(told.get("status")))
        if phase is None:
            raise self._garbled()
        ended_badly = told.get("status") in ("FAILED", "STOPPED")
        return Glimpse(phase, _first_line(str(told.get("message") or "")) if ended_badly else "")

    def printed(self, job: Job, handle: str) -> str:
        """Return what a job printed; empty where Ray does not know it."""
        return str(self._ask("GET", f"jobs/{quote(handle)}/logs", missing=True).get("logs") or "")

    def end(self, handle: str) -> None:
        """Ask a job's process to end, and end it a little later."""
        self._ask("POST", f"jobs/{quote(handle)}/stop", missing=True)

    def _deliver(self, job: Job) -> str:
        """Hand in a job's files; return what Ray calls them."""
        parcel = job.folder / "parcel.zip"
        try:
            pack(job.spec, parcel)
            data = parcel.read_bytes()
        finally:
            with suppress(OSError):
                parcel.unlink(missing_ok=True)
        name = f"_ray_pkg_{hashlib.sha256(data).hexdigest()[:32]}.zip"
        self._ask("PUT", f"packages/gcs/{name}", data=data, plain=True)
        return f"gcs://{name}"

    def _ask(
        self,
        verb: str,
        what: str,
        *,
        missing: bool = False,
        plain: bool = False,
        listed: bool = False,
        **given: Any,
    ) -> dict[str, Any]:
        """Ask Ray; return its answer: empty where it is a list, no JSON, or allowed to miss."""
        import requests

        try:
            with self._session() as session:
                answer = session.request(
                    verb,
                    f"{self.settings.address.rstrip('/')}/api/{what}",
                    timeout=_TIMES if "data" not in given else (_TIMES[0], _SENDING_S),
                    allow_redirects=False,
                    stream=True,
                    **given,
                )
                with answer:
                    data = self._read(answer)
        except (requests.RequestException, OSError) as error:
            raise NoAnswerError(
                f"'{self.name}' does not answer",
                do=f"Look whether it runs, or test its address: medssl jobs engines test "
                f"{self.name}",
            ) from error
        if answer.status_code == 404 and missing:
            if _UNKNOWN not in data:
                raise self._garbled()
            return {}
        self._require_good(answer.status_code)
        if plain:
            return {}
        try:
            told = json.loads(data)
        except ValueError as error:
            raise self._garbled() from error
        if listed and isinstance(told, list):
            return {}
        if not isinstance(told, dict):
            raise self._garbled()
        return told

    def _read(self, answer: requests.Response) -> bytes:
        """Read an answer that must end."""
        data, until = bytearray(), time.monotonic() + _WHOLE_S
        for block in answer.iter_content(1 << 16):
            data += block
            if len(data) > _MOST_BYTES or time.monotonic() > until:
                raise NoAnswerError(f"the answer of '{self.name}' does not end")
        return bytes(data)

    def _require_good(self, status: int) -> None:
        if status in (401, 403):
            raise NoAnswerError(
                f"'{self.name}' refused the token"
                if self._token()
                else f"'{self.name}' wants a token",
                do="Put the token that 'ray get-auth-token' shows there into a file, and name it "
                "with --token-file",
            )
        if status != 200:
            raise NoAnswerError(f"'{self.name}' answered with an error ({status})")

    def _garbled(self) -> NoAnswerError:
        return NoAnswerError(
            f"'{self.name}' answered with something that is no answer of Ray's",
            do="Look whether its address is that of Ray's dashboard, as http://127.0.0.1:8265",
        )

    def _session(self) -> requests.Session:
        import requests

        token = self._token()
        self._require_safe(bool(token))
        session = requests.Session()
        session.trust_env = False  # no proxy gets the token, and .netrc does not replace it
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        if token:
            session.headers["Authorization"] = f"Bearer {token}"
        return session

    def _require_safe(self, has_token: bool) -> None:
        address = urlsplit(self.settings.address)
        if address.scheme not in ("http", "https") or not address.hostname or address.username:
            raise UsageError(
                f"the address of '{self.name}'", expected="one such as http://127.0.0.1:8265"
            )
        if not has_token and not _is_loopback(address.hostname):
            raise UsageError(
                f"'{self.name}' is another machine, and there is no token for it",
                expected="a token: without one, anybody there could run programs on the cluster",
                do="Start Ray with RAY_AUTH_MODE=token and name the file of its token with "
                "--token-file, or reach it through an SSH tunnel",
            )

    def _token(self) -> str:
        """Return the token from where the settings say, else from where Ray looks for it."""
        if self.settings.token_file is not None:
            try:
                return Path(self.settings.token_file).expanduser().read_text("utf-8").strip()
            except (OSError, ValueError) as error:
                raise UnreadableFileError(
                    f"the file of the token for '{self.name}' cannot be read"
                ) from error
        if token := os.environ.get("RAY_AUTH_TOKEN", "").strip():
            return token
        path = os.environ.get("RAY_AUTH_TOKEN_PATH") or "~/.ray/auth_token"
        with suppress(OSError, ValueError):
            return Path(path).expanduser().read_text("utf-8").strip()
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _first_line(words: str) -> str:
    line = without_paths(next(iter(words.splitlines()), ""))
    return line if len(line) <= _MOST_WORDS else f"{line[:_MOST_WORDS]}…"
