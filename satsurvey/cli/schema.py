"""The command `satsurvey schema`: the JSON Schema of what commands print."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from satsurvey.cli.options import LangOption, default_language


def schema_command(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name in the key schema, such as records.")
    ] = None,
    lang: LangOption = default_language(),
) -> None:
    """Print the JSON Schema of a document that --format json gives; without a name, list the documents.

    \b
    Example: satsurvey schema
             satsurvey schema records > records.schema.json
    """
    from satsurvey.report.schemas import SCHEMA_NAMES, schema_of

    if name is None:
        sys.stdout.write("".join(f"{one}\n" for one in SCHEMA_NAMES))
    else:
        sys.stdout.write(json.dumps(schema_of(name), ensure_ascii=False, indent=2) + "\n")
