"""Encryption of what a database file must not give away: AES-256-GCM, bound to the row it belongs to."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32
LOST = "no_key"  # why a key is switched off whose master key is lost; its row stays as it is, in case that is found


class CannotUnseal(Exception):
    """The ciphertext doesn't belong to this row, or its master key is not at hand."""


class MasterKeys:
    """The operator's master keys by id. The first one seals; all of them unseal."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self.active = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> MasterKeys:
        """From `id:base64` pairs separated by commas, 32 bytes each; `ValueError` says which part is wrong."""
        keys = {}
        for position, pair in enumerate(text.split(","), start=1):
            name, colon, encoded = pair.strip().partition(":")
            try:
                key = base64.b64decode(encoded, altchars=b"-_", validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if not (name and colon and len(key) == KEY_BYTES):
                raise ValueError(f"master key {position} is not `id:` and {KEY_BYTES} bytes in base64")
            keys[name] = key
        return cls(keys)

    @staticmethod
    def generate(name: str) -> str:
        """A fresh key in the form that `parse` reads."""
        return f"{name}:{base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()}"

    def seal(self, plain: bytes, *bound_to: object) -> tuple[str, bytes]:
        """The id of the master key used, and the ciphertext, which only `unseal` with the same `bound_to` opens."""
        nonce = os.urandom(NONCE_BYTES)
        return self.active, nonce + self._keys[self.active].encrypt(nonce, plain, _context(self.active, bound_to))

    def unseal(self, master_id: str, sealed: bytes, *bound_to: object) -> bytes:
        """The plain bytes; `CannotUnseal` when key, row or ciphertext don't match."""
        if master_id not in self._keys:
            raise CannotUnseal(f"master key “{master_id}” is not among MASTER_KEYS")
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._keys[master_id].decrypt(nonce, body, _context(master_id, bound_to))
        except InvalidTag:
            raise CannotUnseal("the stored key does not belong to this server and provider") from None


def _context(master_id: str, bound_to: tuple[object, ...]) -> bytes:
    return "|".join(("v1", master_id, *map(str, bound_to))).encode()
