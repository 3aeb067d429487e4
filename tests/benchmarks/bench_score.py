"""Speed of scoring as ratios, measured in one run on one machine.

    python tests/benchmarks/bench_score.py [ROWS] [--grow]

From memory to all tables: satsurvey beside the obvious pandas groupby-apply (on a part of the companies, its
cost being proportional to them), well-vectorised pandas and polars lazy, all with the same digits. From CSV
to all tables beside the bare `pyarrow.csv` read of the same file, in UTF-8 and GB18030, with peak memory;
growth with the rows, up to 10 million with `--grow`.
Cold start to the printed table beside `import pandas`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv as arrow_csv

import satsurvey as ss
from satsurvey.intake.responses import MISSING_CODES

ROOT = Path(__file__).resolve().parents[2]
PER_COMPANY = 50
COMPANIES = 20_000
DIMENSIONS = {"A": 3, "B": 5, "C": 4, "D": 4, "E": 3, "F": 3}
ITEMS = [f"{d}{k}" for d, n in DIMENSIONS.items() for k in range(1, n + 1)]
SATISFIED = 80.0
MISSING = {249: "n_invalid"} | {code: f"n_{reason}" for reason, code in MISSING_CODES.items()}
"""Bytes of the answers that are none, with the columns that count them."""


def make_csv(path: Path, rows: int, encoding: str, companies: int | None = None) -> None:
    """Write a survey of `rows` interviews, 22 items, 15 industries, 2 % missing."""
    companies = companies or max(rows // PER_COMPANY, 1)
    rng = np.random.default_rng(20191)
    with path.open("w", encoding=encoding, newline="") as stream:
        stream.write(",".join(["样本编号", "企业名称", "行业", *ITEMS]) + "\n")
        for start in range(0, rows, 250_000):
            n = min(250_000, rows - start)
            company = rng.integers(0, companies, n)
            table = {"id": np.char.zfill(np.arange(start, start + n).astype("U9"), 9)}
            table["company"] = np.char.add("企业", np.char.zfill(company.astype("U6"), 6))
            table["industry"] = np.char.add("行业", np.char.zfill((company % 15).astype("U2"), 2))
            level = 8.3 + 0.6 * np.sin(company)
            for item in ITEMS:
                answers = (
                    np.clip(np.rint(level + 1.5 * rng.standard_normal(n)), 1, 10).astype(int).astype("U2")
                )
                lot = rng.random(n)
                answers[lot < 0.02], answers[lot < 0.01] = "98", ""
                table[item] = answers
            pd.DataFrame(table).to_csv(stream, header=False, index=False, lineterminator="\n")


def timed(function: Callable[[], object], repeats: int = 5) -> float:
    """Return the best of several runs in seconds."""
    best = float("inf")
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - begun)
    return best


def survey_frames(responses: ss.Responses) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same answers as a pandas user would hold them: 0-100 scores with gaps, and the codes of answers."""
    assert responses.industry is not None
    names, industries = np.array(responses.company.names), np.array(responses.industry.names)
    groups = {
        "industry": pd.Categorical.from_codes(responses.industry.codes, industries),
        "company": pd.Categorical.from_codes(responses.company.codes, names),
    }
    table = np.full(256, np.nan)
    table[:10] = np.arange(1, 11) * 10.0
    scores = {item: table[responses.answers[position]] for position, item in enumerate(ITEMS)}
    codes = {item: responses.answers[position] for position, item in enumerate(ITEMS)}
    return pd.DataFrame(groups | scores), pd.DataFrame(groups | codes)


def dimension_items() -> dict[str, list[str]]:
    return {d: [item for item in ITEMS if item[0] == d] for d in DIMENSIONS}


def obvious_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """groupby-apply: what one writes first."""

    def one(group: pd.DataFrame) -> pd.Series:
        means = {item: group[item].mean() for item in ITEMS}
        inner = {d: np.mean([means[i] for i in items]) for d, items in dimension_items().items()}
        z = pd.Series(0.0, index=group.index)
        for items in dimension_items().values():
            for item in items:
                z += (
                    ((group[item] - means[item]).fillna(0.0) / group[item].count())
                    / len(items)
                    / len(DIMENSIONS)
                )
        n = len(group)
        error = np.sqrt(n / (n - 1) * (z**2).sum())
        return pd.Series(
            {**means, **inner, "score": np.mean(list(inner.values())), "std_error": error, "n": n}
        )

    return frame.groupby("company", observed=True)[ITEMS].apply(one)


def vectorised_pandas(frame: pd.DataFrame, codes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What a careful pandas user writes: every table by groupby and arrays, no loop over groups."""
    grouped = frame.groupby("company", observed=True)
    means, counts = grouped[ITEMS].mean(), grouped[ITEMS].count()
    item_error = np.sqrt(grouped[ITEMS].var() / counts)
    satisfied = (frame[ITEMS] >= SATISFIED).groupby(frame["company"], observed=True).sum() / counts
    missing = {
        reason: (codes[ITEMS] == reason).groupby(codes["company"], observed=True).sum() for reason in MISSING
    }
    unit = frame["company"].cat.codes.to_numpy()
    n = grouped.size()
    inflate = (n / (n - 1)).to_numpy()
    companies, total = pd.DataFrame({"n": n}), np.zeros(len(frame))
    errors = {}
    for d, items in dimension_items().items():
        companies[d] = means[items].mean(axis=1)
        z = np.zeros(len(frame))
        for item in items:
            gap = frame[item].to_numpy() - means[item].to_numpy()[unit]
            z += np.nan_to_num(gap) / counts[item].to_numpy()[unit] / len(items)
        answered = frame[items].notna().any(axis=1).groupby(frame["company"], observed=True).sum().to_numpy()
        squares = pd.Series(z**2).groupby(unit).sum().to_numpy()
        errors[d] = np.sqrt(answered / (answered - 1) * squares)
        total += z / len(DIMENSIONS)
    companies["score"] = companies[list(DIMENSIONS)].mean(axis=1)
    companies["std_error"] = np.sqrt(inflate * pd.Series(total**2).groupby(unit).sum().to_numpy())
    industry = frame.groupby("company", observed=True)["industry"].first()
    wide = pd.concat([companies[["score", *DIMENSIONS]], means], axis=1)
    by_industry = wide.groupby(industry, observed=True)
    industries, industry_errors = by_industry.mean(), by_industry.sem()
    share = by_industry.size() / len(wide)
    overall = wide.mean()
    overall_error = np.sqrt((industry_errors.mul(share, axis=0) ** 2).sum())
    dimension_table = _long(
        [overall[list(DIMENSIONS)], industries[list(DIMENSIONS)], companies[list(DIMENSIONS)]],
        [
            overall_error[list(DIMENSIONS)],
            industry_errors[list(DIMENSIONS)],
            pd.DataFrame(errors, index=n.index),
        ],
    )
    item_table = _long(
        [overall[ITEMS], industries[ITEMS], means], [overall_error[ITEMS], industry_errors[ITEMS], item_error]
    )
    extra = {"n": counts, "satisfied_share": satisfied} | {f"n_{k}": table for k, table in missing.items()}
    for name, table in extra.items():
        sums = table.groupby(industry, observed=True).sum() if name != "satisfied_share" else None
        parts = [table.sum() if sums is not None else table.mean(), sums if sums is not None else industries]
        item_table[name] = np.concatenate(
            [parts[0].to_numpy(), parts[1][ITEMS].to_numpy().ravel(), table.to_numpy().ravel()]
        )
    industries["std_error"] = industry_errors["score"]
    return {
        "companies": companies,
        "industries": industries,
        "dimensions": dimension_table,
        "items": item_table,
        "overall": pd.DataFrame({"score": [overall["score"]], "std_error": [overall_error["score"]]}),
    }


def _long(values: list[Any], errors: list[Any]) -> pd.DataFrame:
    """One row per level, group and column, as the tidy tables have it."""
    frames = [values[0].to_frame().T, *values[1:]]
    spread = [errors[0].to_frame().T, *errors[1:]]
    return pd.DataFrame(
        {
            "level": np.repeat(["overall", "industry", "company"], [part.size for part in frames]),
            "group": np.concatenate([np.repeat(part.index.astype(str), part.shape[1]) for part in frames]),
            "part": np.concatenate([np.tile(part.columns.astype(str), len(part)) for part in frames]),
            "score": np.concatenate([part.to_numpy().ravel() for part in frames]),
            "std_error": np.concatenate([part.to_numpy().ravel() for part in spread]),
        }
    )


def polars_lazy(table: Any) -> dict[str, Any]:
    """The same tables as polars queries, optimised and run on all cores."""
    import polars as pl

    lazy, inner = table.lazy(), dimension_items()
    company = lazy.group_by("company").agg(
        [
            pl.col("industry").first(),
            pl.len().alias("n"),
            *(pl.col(i).mean().alias(f"{i}_mean") for i in ITEMS),
            *((pl.col(i).std() / pl.col(i).count().sqrt()).alias(f"{i}_error") for i in ITEMS),
            *(pl.col(i).count().alias(f"{i}_n") for i in ITEMS),
            *((pl.col(i) >= SATISFIED).sum().alias(f"{i}_satisfied") for i in ITEMS),
            *((pl.col(f"{i}_code") == k).sum().alias(f"{i}_{k}") for i in ITEMS for k in MISSING),
        ]
    )
    company = company.with_columns(
        [pl.mean_horizontal([f"{i}_mean" for i in items]).alias(d) for d, items in inner.items()]
    ).with_columns(pl.mean_horizontal(list(inner)).alias("score"))
    rows = lazy.join(
        company.select("company", *(f"{i}_{p}" for i in ITEMS for p in ("mean", "n"))), on="company"
    )
    influence = {
        d: sum(
            ((pl.col(i) - pl.col(f"{i}_mean")).fill_null(0.0) / pl.col(f"{i}_n")) / len(items) for i in items
        )
        for d, items in inner.items()
    }
    squares = (
        rows.select(
            "company",
            *(z.alias(d) for d, z in influence.items()),
            *(
                pl.any_horizontal([pl.col(i).is_not_null() for i in items]).alias(f"{d}_any")
                for d, items in inner.items()
            ),
        )
        .with_columns((sum(pl.col(d) for d in inner) / len(inner)).alias("total"))
        .group_by("company")
        .agg(
            (pl.col("total") ** 2).sum(),
            *((pl.col(d) ** 2).sum().alias(f"{d}_squares") for d in inner),
            *(pl.col(f"{d}_any").sum().alias(f"{d}_n") for d in inner),
        )
    )
    companies = (
        company.join(squares, on="company")
        .with_columns(
            (pl.col("n") / (pl.col("n") - 1) * pl.col("total")).sqrt().alias("std_error"),
            *(
                (pl.col(f"{d}_n") / (pl.col(f"{d}_n") - 1) * pl.col(f"{d}_squares"))
                .sqrt()
                .alias(f"{d}_error")
                for d in inner
            ),
        )
        .sort("company")
        .collect()
    )
    scored = ["score", *inner, *(f"{i}_mean" for i in ITEMS)]
    counted = [f"{i}_{p}" for p in ("n", "satisfied", *MISSING) for i in ITEMS]
    industries = (
        companies.lazy()
        .group_by("industry")
        .agg(
            *(pl.col(c).mean() for c in scored),
            *((pl.col(c).std() / pl.len().sqrt()).alias(f"{c}_error") for c in scored),
            *(pl.col(c).sum() for c in counted),
            pl.len().alias("n_companies"),
        )
        .sort("industry")
        .collect()
    )
    overall = industries.select(
        *((pl.col(c) * pl.col("n_companies")).sum() / pl.col("n_companies").sum() for c in scored),
        *(
            (
                ((pl.col(f"{c}_error") * pl.col("n_companies")) ** 2).sum().sqrt()
                / pl.col("n_companies").sum()
            ).alias(f"{c}_error")
            for c in scored
        ),
        *(pl.col(c).sum() for c in counted),
    )
    levels = {"overall": overall, "industry": industries, "company": companies}

    def long(columns: dict[str, tuple[list[str], list[str], list[str]]], names: list[str]) -> Any:
        return pl.DataFrame(
            {
                "level": np.repeat(list(levels), [len(frame) * len(names) for frame in levels.values()]),
                "part": np.tile(names, sum(len(frame) for frame in levels.values())),
            }
            | {
                name: np.concatenate(
                    [f.select(c).to_numpy().ravel() for f, c in zip(levels.values(), chosen, strict=True)]
                )
                for name, chosen in columns.items()
            }
        )

    means = [f"{i}_mean" for i in ITEMS]
    higher = [f"{c}_error" for c in means]
    item_columns = {
        "score": (means, means, means),
        "std_error": (higher, higher, [f"{i}_error" for i in ITEMS]),
    } | {str(p): ([f"{i}_{p}" for i in ITEMS],) * 3 for p in ("n", "satisfied", *MISSING)}
    dims, dim_errors = list(inner), [f"{d}_error" for d in inner]
    return {
        "companies": companies,
        "industries": industries,
        "dimensions": long({"score": (dims,) * 3, "std_error": (dim_errors,) * 3}, dims),
        "items": long(item_columns, ITEMS),
        "overall": overall,
    }


def from_memory(responses: ss.Responses) -> None:
    """Compare scoring from memory: every peer makes the same tables, with the same digits."""
    frame, codes = survey_frames(responses)
    ours = ss.score(responses, company_min_n=1)
    theirs = vectorised_pandas(frame, codes)
    agree(ours, theirs)
    seconds = {"satsurvey": timed(lambda: ss.score(responses, company_min_n=1))}
    seconds["pandas, vectorised"] = timed(lambda: vectorised_pandas(frame, codes), 3)
    try:
        import polars as pl
    except ImportError:
        print("  polars is not installed: left out")
    else:
        assert responses.industry is not None
        columns = {i: frame[i].to_numpy() for i in ITEMS}
        table = pl.DataFrame(
            {"company": responses.company.codes, "industry": responses.industry.codes}
            | columns
            | {f"{i}_code": codes[i].to_numpy() for i in ITEMS}
        ).with_columns(pl.col(ITEMS).fill_nan(None))
        found = polars_lazy(table)
        by_code = theirs["companies"].reindex(
            [n for n in responses.company.names if n in theirs["companies"].index]
        )
        for column in ("score", "std_error", *DIMENSIONS):
            np.testing.assert_allclose(found["companies"][column], by_code[column], rtol=1e-9)
        seconds["polars, lazy"] = timed(lambda: polars_lazy(table), 5)
    names = frame["company"].cat.categories
    share = min(1.0, 400 / len(names))
    few = frame[frame["company"].isin(names[: int(len(names) * share)])].copy()
    few["company"] = few["company"].cat.remove_unused_categories()
    seconds[f"pandas groupby-apply (companies only, from {share:.1%} of them)"] = (
        timed(lambda: obvious_pandas(few), 1) / share
    )
    for name, value in seconds.items():
        print(f"  {name:<66} {value:9.3f} s   {value / seconds['satsurvey']:8.1f} x")


def agree(ours: ss.Scores, theirs: dict[str, pd.DataFrame]) -> None:
    """Assert that a peer's tables have our digits."""
    companies = theirs["companies"].loc[ours.companies["company"].astype(str).to_numpy()]
    industries = theirs["industries"].loc[ours.industries["industry"].astype(str).to_numpy()]
    for column in ("score", "std_error", *DIMENSIONS):
        np.testing.assert_allclose(ours.companies[column], companies[column], rtol=1e-10)
        np.testing.assert_allclose(ours.industries[column], industries[column], rtol=1e-9)
    for column in ("score", "std_error"):
        np.testing.assert_allclose(ours.overall[column], theirs["overall"][column], rtol=1e-9)
    for name, part in (("dimensions", "dimension"), ("items", "item")):
        mine = getattr(ours, name)
        group = mine["company"].astype(str).where(mine["level"] == "company", mine["industry"].astype(str))
        mine = mine.assign(
            level=mine["level"].astype(str),
            group=group.where(mine["level"] != "overall", "0"),
            part=mine[part].astype(str),
        )
        columns = ["score", "std_error"] + (
            ["n", *(c for c in mine if c.startswith("n_"))] if part == "item" else []
        )
        other = theirs[name].rename(columns={f"n_{k}": reason for k, reason in MISSING.items()})
        mine, other = (f.set_index(["level", "group", "part"])[columns].sort_index() for f in (mine, other))
        np.testing.assert_allclose(mine.to_numpy(float), other.to_numpy(float), rtol=1e-9)


WORK = """
import sys, time
import numpy, pandas, pyarrow.csv
import satsurvey as ss
from satsurvey.scoring import estimates
from satsurvey.intake import reading
def peak_bytes():
    # The peak of this process alone: the resource module also counts that of the process it came from.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
base = peak_bytes()
best = 1e9
for _ in range(int(sys.argv[2])):
    begun = time.perf_counter()
    scores = ss.score(ss.read_responses([sys.argv[1]]), company_min_n=1)
    best = min(best, time.perf_counter() - begun)
peak = peak_bytes()
print(best, peak, peak - base)
"""


def work(path: Path, repeats: int) -> tuple[float, float, float]:
    """Read and score a file in a new process: seconds, peak memory, and the same over the libraries."""
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(path), str(repeats)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    seconds, peak, added = (float(part) for part in done.stdout.split())
    return seconds, peak, added


def from_csv(path: Path, encoding: str, repeats: int) -> None:
    """Compare file to tables with the bare read of the file."""
    read = timed(
        lambda: arrow_csv.read_csv(path, read_options=arrow_csv.ReadOptions(encoding=encoding)), repeats
    )
    seconds, _, _ = work(path, repeats)
    _, peak, added = work(path, 1)  # what one pass needs; a second one would count what the first left
    size = path.stat().st_size
    print(
        f"  {encoding:<8} {size / 1e6:7.0f} MB: bare pyarrow.csv read {read:.3f} s, "
        f"to all tables {seconds:.3f} s = "
        f"{seconds / read:.2f} x; peak memory {peak / 1e6:.0f} MB = {peak / size:.2f} x the file "
        f"({added / size:.2f} x without the libraries)"
    )


def until_table(command: list[str], environment: dict[str, str]) -> float:
    """Start a process and return the seconds until its first table is printed."""
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.perf_counter() - begun
        process.stdout.read()
    return seconds


def cold_start() -> None:
    """Compare the field's size, from cold process to printed table, with `import pandas`."""
    example = ROOT / "examples" / "national-2019" / "national-2019.csv"
    # As installed, with byte code on disk.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    whole = [sys.executable, "-m", "satsurvey", "score", str(example)]
    bare = [sys.executable, "-c", "import pandas; print(flush=True)"]
    until_table(whole, environment)
    pairs = [(until_table(whole, environment), until_table(bare, environment)) for _ in range(5)]
    ratio = float(np.median([ours / theirs for ours, theirs in pairs]))
    ours, theirs = (float(np.median(column)) for column in zip(*pairs, strict=True))
    print(
        f"  import pandas {theirs:.2f} s, satsurvey score of 7,385 interviews {ours:.2f} s: "
        f"{ratio:.2f} x (median)"
    )


def main() -> None:
    """Print all ratios."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    rows = numbers[0] if numbers else 1_000_000
    print(f"{os.cpu_count()} cores, {rows:,} rows x {len(ITEMS)} items x {rows // PER_COMPANY:,} companies")
    with tempfile.TemporaryDirectory() as folder:
        utf8, gb = Path(folder) / "utf8.csv", Path(folder) / "gb18030.csv"
        make_csv(utf8, rows, "utf-8")
        make_csv(gb, rows, "gb18030")
        print("From CSV to all tables:")
        from_csv(utf8, "utf-8", 5)
        from_csv(gb, "gb18030", 5)
        print("From memory to all tables:")
        from_memory(ss.read_responses([utf8]))
        print(f"Growth, {COMPANIES:,} companies:")
        for n in (rows // 2, rows, *((10_000_000,) if "--grow" in sys.argv else ())):
            part = Path(folder) / "part.csv"
            make_csv(part, n, "utf-8", companies=COMPANIES)
            seconds, peak, _ = work(part, 2)
            print(
                f"  {n:>10,} rows: from CSV to all tables {seconds / n * 1e6:.2f} s a million, "
                f"peak memory {peak / part.stat().st_size:.2f} x the file"
            )
    print("Cold start:")
    cold_start()


if __name__ == "__main__":
    main()
