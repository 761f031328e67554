"""Contents that lie beside a journal, each in a file named by its sha256."""

from __future__ import annotations

import re
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final, Literal

import msgspec

from podd.journal.disk import refusal, replace_file

_NAME: Final = re.compile(r"[0-9a-f]{64}")


class BlobFault(msgspec.Struct, frozen=True):
    """Why a blob cannot be had."""

    kind: Literal["blob_missing", "blob_altered"]
    digest: str


class Blobs(msgspec.Struct, frozen=True):
    """The blobs of one session."""

    directory: Path

    def path(self, digest: str) -> Path:
        return self.directory / digest

    def put(self, content: bytes) -> str:
        """Keep bytes, and return their sha256 in hex once they are durable.

        The same bytes are written once.

        Raises:
            StorageError: they could not be kept.
        """
        digest = sha256(content).hexdigest()
        path = self.path(digest)
        try:
            if self._length(path) != len(content):
                replace_file(path, content)
        except OSError as error:
            raise refusal(path, error) from error
        return digest

    def get(self, digest: str) -> bytes | BlobFault:
        """Return the bytes that have this sha256, or say what became of them.

        Raises:
            StorageError: the disk would not give them.
        """
        # A digest is read from a file; what is no digest must not become a path.
        if not _NAME.fullmatch(digest):
            return BlobFault("blob_missing", digest)
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return BlobFault("blob_missing", digest)
        except OSError as error:
            raise refusal(path, error) from error
        if sha256(content).hexdigest() != digest:
            return BlobFault("blob_altered", digest)
        return content

    def check(self, digest: str) -> BlobFault | None:
        """Look whether a blob is there and sound, without holding it in memory.

        Raises:
            StorageError: the disk would not give it.
        """
        if not _NAME.fullmatch(digest):
            return BlobFault("blob_missing", digest)
        path = self.path(digest)
        try:
            with path.open("rb") as file:
                found = file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return BlobFault("blob_missing", digest)
        except OSError as error:
            raise refusal(path, error) from error
        return None if found == digest else BlobFault("blob_altered", digest)

    @staticmethod
    def _length(path: Path) -> int | None:
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return None
