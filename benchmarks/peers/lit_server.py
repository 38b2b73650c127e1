"""The plain model behind LitServe, which batches what waits. Run: python -m benchmarks.peers.lit_server FOLDER PORT."""

from __future__ import annotations

import sys

import litserve

from benchmarks.peers.plain import PlainModel, Probabilities

AT_ONCE = 16
"""Texts of a batch: as many as the benchmark has connections."""
BATCH_SECONDS = 0.002
"""How long a batch is waited for; longer costs a lone request more than it gains."""


class PlainApi(litserve.LitAPI):  # type: ignore[misc]
    """One text in, the probability of each frame out."""

    def setup(self, device: str) -> None:
        self.model = PlainModel(sys.argv[1])

    def decode_request(self, request: dict[str, str]) -> str:
        return request["text"]

    def predict(self, texts: list[str]) -> Probabilities:
        return self.model.predict(texts)

    def encode_response(self, output: dict[str, float]) -> dict[str, float]:
        return output


if __name__ == "__main__":
    api = PlainApi(max_batch_size=AT_ONCE, batch_timeout=BATCH_SECONDS)
    server = litserve.LitServer(api, accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, log_level="error", generate_client_file=False)
