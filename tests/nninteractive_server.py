"""A server that speaks as nnInteractive's does, and finds all that is bright about an outline."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from nnInteractive.inference.remote.serialization import pack_array, unpack_array
from scipy import ndimage

CAPABILITIES = {
    "supported_interactions": {"points": True, "bbox2d": True, "scribble": True, "lasso": True},
    "channel_mapping": {},
    "num_interaction_channels": 7,
    "supports_initial_label": True,
    "supports_zero_shot_label_refinement": False,
    "preferred_scribble_thickness": [1, 1, 1],
    "interaction_decay": 0.9,
    "inference_session_version": 2,
    "license": "CC BY-NC-SA 4.0",
}


class SmallServer(ThreadingHTTPServer):
    """Keeps what it was sent."""

    def __init__(self, **instead) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.capabilities = {**CAPABILITIES, **instead.pop("capabilities", {})}
        self.refuses: dict[str, int] = instead.pop("refuses", {})
        self.image = np.zeros((0, 0, 0))
        self.properties: dict = {}
        self.marked = np.zeros((0, 0, 0), bool)
        self.key: str | None = instead.pop("key", None)
        self.says: bytes | None = instead.pop("says", None)
        self.buffer: list[int] = []
        self.asked: list[str] = []
        self.released = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: SmallServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(self.path)
        if self.server.says is not None:
            self._send(self.server.says)
            return
        refused = self.server.refuses.get(self.path)
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            refused = 401
        elif self.path != "/claim" and self.headers.get("X-Lease-Token") != "a":
            refused = 410
        if refused is not None:
            self._send(json.dumps({"detail": "no"}).encode(), refused)
            return
        meta = json.loads(self.headers.get("X-Meta") or "{}")
        told: dict = {}
        if self.path == "/claim":
            told = {"lease_token": "a", "liveness_timeout_seconds": 60}
        elif self.path == "/capabilities":
            told = self.server.capabilities
        elif self.path == "/set_image":
            self.server.image = unpack_array(body)[0]
            self.server.properties = meta["image_properties"]
            self.server.marked = np.zeros(self.server.image.shape, bool)
            told = {"original_image_shape": [1, *self.server.image.shape]}
        elif self.path == "/set_target_buffer":
            self.server.buffer = json.loads(body)["shape"]
        elif self.path == "/add_lasso_interaction":
            self._follow(unpack_array(body), meta)
            return
        elif self.path == "/release":
            self.server.released += 1
        self._send(json.dumps(told).encode())

    def _follow(self, lasso: np.ndarray, meta: dict) -> None:
        if self.server.buffer != list(self.server.image.shape):
            self._send(b"", 409)
            return
        if meta["include_interaction"]:
            box = tuple(slice(*ends) for ends in meta["interaction_bbox"])
            self.server.marked[box] |= lasso > 0
        if not meta["run_prediction"]:
            self._send(b"{}")
            return
        numbers, _ = ndimage.label(self.server.image > 50)
        wanted = np.unique(numbers[self.server.marked & (numbers > 0)])
        found = np.isin(numbers, wanted).astype(np.uint8)
        meta = {"ran_prediction": True, "bbox": [[0, side] for side in found.shape]}
        self._send(pack_array(found), meta=meta)

    def _send(self, body: bytes, code: int = 200, meta: dict | None = None) -> None:
        self.send_response(code)
        if meta is not None:
            self.send_header("X-Meta", json.dumps(meta))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def small_server(**instead):
    """Serve on a free port of this machine."""
    with SmallServer(**instead) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
