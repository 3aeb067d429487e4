"""What a file really holds, told from its first bytes, so that a wrong name can be explained."""

from __future__ import annotations

from pathlib import Path

from satsurvey.errors import ReadError
from satsurvey.intake.formats.compressed import open_bytes

HEAD = 4096

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "empty zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound"),
    (b"$FL2", "sav"),
    (b"$FL3", "sav"),
    (b"PAR1", "parquet"),
    (b"<stata_dta>", "dta"),
    (b"%PDF", "pdf"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
)

NAMES = {
    "zip": "a zip archive (as .xlsx, .xlsb and .ods workbooks are)",
    "empty zip": "an empty zip archive",
    "compound": "an old Excel workbook (.xls) or a workbook locked with a password",
    "sav": "an SPSS file (.sav)",
    "parquet": "a Parquet file",
    "dta": "a Stata file (.dta)",
    "pdf": "a PDF document",
    "gzip": "a gzip archive",
    "rar": "a RAR archive",
    "7z": "a 7-Zip archive",
    "html": "a web page (HTML) or other XML",
    "text": "plain text, such as CSV",
    "binary": "binary data of an unknown kind",
}

REMEDIES = {
    "sav": "give it the ending .sav",
    "parquet": "give it the ending .parquet",
    "dta": "give it the ending .dta",
    "html": "open it in a spreadsheet program and save it as .xlsx",
    "text": "give it the ending .csv",
    "gzip": "unpack it first",
    "rar": "unpack it first",
    "7z": "unpack it first",
}


def kind_of_content(path: Path) -> str:
    """Name what the first bytes of a file say it is: a key of `NAMES`.

    Raises
    ------
    ReadError
        When there is no such file, it is a folder, it may not be opened, or it is empty.
    """
    if path.is_dir():
        raise ReadError("This is a folder, not a file", file=path, next_step="name a file inside it")
    try:
        with open_bytes(path) as file:
            head = file.read(HEAD)
    except FileNotFoundError as exc:
        raise ReadError(
            "There is no such file", file=path, next_step="check the name and the folder"
        ) from exc
    except (OSError, ValueError) as exc:
        raise ReadError(
            f"The file cannot be opened: {exc}",
            file=path,
            next_step="check that it may be read and that no other program has locked it",
        ) from exc
    if not head:
        raise ReadError(
            "The file is empty (0 bytes)", file=path, next_step="export it again, or copy it again in full"
        )
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return "html"
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head)
    utf16 = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    return "text" if utf16 or controls == 0 else "binary"


def refuse_content(path: Path, kind: str, wanted: str) -> ReadError:
    """Make the error for a file whose content is not what its name says."""
    return ReadError(
        f"The file is named as {wanted}, but holds {NAMES[kind]}",
        file=path,
        expected=wanted,
        next_step=REMEDIES.get(kind, "export it again, or give it the ending that belongs to its content"),
    )
