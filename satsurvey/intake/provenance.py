"""Where results come from: the files with their checksums, the options, the time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from satsurvey.intake.raw import Source


def provenance_of(
    sources: Iterable[Source], options: Mapping[str, object], versions: Mapping[str, str]
) -> dict[str, object]:
    """Return what results were made from, as plain data.

    Parameters
    ----------
    sources
        The files that were read.
    options
        Choices of the call; those that are None or empty are left out.
    versions
        Versions of what computed.

    Returns
    -------
    dict
        `inputs` (name, sha256, bytes, format, encoding, sheet, heading_row of every file), `versions`,
        `options` and `created` (UTC; the moment that SOURCE_DATE_EPOCH gives where it is set).
    """
    stamp = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(stamp), UTC) if stamp.isdigit() else datetime.now(UTC)
    return {
        "inputs": [
            {
                "name": source.name,
                "sha256": checksum(source.path),
                "bytes": source.path.stat().st_size if source.path.exists() else None,
                "format": source.format,
                "encoding": source.encoding,
                "sheet": source.sheet,
                "heading_row": source.heading_row,
            }
            for source in sources
        ],
        "versions": dict(versions),
        "options": {name: value for name, value in options.items() if value not in (None, [], ())},
        "created": moment.isoformat(timespec="seconds"),
    }


def checksum(path: Path) -> str | None:
    """Return the SHA-256 of a file, or None where it cannot be read (any more)."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
