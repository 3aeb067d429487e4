"""What companies are called in the results when the export has both their names and their ids."""

from __future__ import annotations

from collections import Counter

import numpy as np

from satsurvey.intake.responses import Factor


def display_names(company: Factor, company_id: Factor) -> Factor:
    """Name every company by its id's most frequent name; two ids of one name are told apart by the id.

    Parameters
    ----------
    company, company_id
        Names and ids of the same rows.

    Returns
    -------
    Factor
        One name per id, so that a company spelled in two ways stays one. Of equally frequent names the first
        in order is taken; an id without any name is its own name. Rows without an id keep their name and are
        no part of an id's company, since nothing in the export says so.
    """
    keyed = company_id.codes >= 0
    n_names = len(company.names) + 1
    pairs, counts = np.unique(
        company_id.codes[keyed].astype(np.int64) * n_names + (company.codes[keyed] + 1), return_counts=True
    )
    best: dict[int, tuple[int, str]] = {}
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        identity, name = divmod(pair, n_names)
        shown = company.names[name - 1] if name else ""
        if shown and (identity not in best or (-count, shown) < (-best[identity][0], best[identity][1])):
            best[identity] = (count, shown)
    shown_names = [best.get(k, (0, name))[1] for k, name in enumerate(company_id.names)]
    unkeyed = sorted({company.names[code] for code in np.unique(company.codes[~keyed]).tolist() if code >= 0})
    final = [*_told_apart(shown_names, company_id.names, set(unkeyed)), *unkeyed]
    order = sorted(range(len(final)), key=final.__getitem__)
    place = np.full(len(final) + 1, -1, dtype=np.int32)
    place[order] = np.arange(len(final), dtype=np.int32)
    codes = place[company_id.codes]
    if unkeyed:
        positions = {name: len(company_id.names) + k for k, name in enumerate(unkeyed)}
        own = np.array([positions.get(name, -1) for name in company.names] + [-1], dtype=np.int32)
        codes[~keyed] = place[own[company.codes[~keyed]]]
    return Factor(codes, tuple(final[k] for k in order))


def _told_apart(names: list[str], ids: tuple[str, ...], reserved: set[str]) -> list[str]:
    """Add the id to every name that another company has too, until no two are equal."""
    told = list(names)
    while True:
        counts = Counter(told)
        repeated = [k for k, name in enumerate(told) if counts[name] > 1 or name in reserved]
        if not repeated:
            return told
        for k in repeated:
            told[k] = f"{told[k]} ({ids[k]})"
