"""Speed of scoring as ratios, measured in one run on one machine.

    python tests/benchmarks/bench_score.py [ROWS]

From memory to all tables: satsurvey beside the obvious pandas groupby-apply (on a part of the companies, its
cost being proportional to them), well-vectorised pandas and polars lazy, all with the same digits. From CSV
to all tables beside the bare `pyarrow.csv` read of the same file, in UTF-8 and GB18030, with peak memory.
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

import numpy as np
import pandas as pd
import pyarrow.csv as arrow_csv

import satsurvey as ss

ROOT = Path(__file__).resolve().parents[2]
PER_COMPANY = 50
DIMENSIONS = {"A": 3, "B": 5, "C": 4, "D": 4, "E": 3, "F": 3}
ITEMS = [f"{d}{k}" for d, n in DIMENSIONS.items() for k in range(1, n + 1)]


def make_csv(path: Path, rows: int, encoding: str) -> None:
    """Write a survey of `rows` interviews, 22 items, companies of 50, 15 industries, 2 % missing."""
    rng = np.random.default_rng(20191)
    with path.open("w", encoding=encoding, newline="") as stream:
        stream.write(",".join(["样本编号", "企业名称", "行业", *ITEMS]) + "\n")
        for start in range(0, rows, 250_000):
            n = min(250_000, rows - start)
            company = rng.integers(0, max(rows // PER_COMPANY, 1), n)
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


def pandas_frame(responses: ss.Responses) -> pd.DataFrame:
    """The same answers as a pandas user would hold them: 0-100 scores with gaps."""
    names = np.array(responses.company.names)
    frame = pd.DataFrame({"company": pd.Categorical.from_codes(responses.company.codes, names)})
    table = np.full(256, np.nan)
    table[:10] = np.arange(1, 11) * 10.0
    for position, item in enumerate(ITEMS):
        frame[item] = table[responses.answers[position]]
    return frame


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


def vectorised_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """What a careful pandas user writes: means, counts and influence without a loop over groups."""
    grouped = frame.groupby("company", observed=True)
    means, counts = grouped[ITEMS].mean(), grouped[ITEMS].count()
    codes = frame["company"].cat.codes.to_numpy()
    result = means.copy()
    z = np.zeros(len(frame))
    for d, items in dimension_items().items():
        result[d] = means[items].mean(axis=1)
        for item in items:
            gap = frame[item].to_numpy() - means[item].to_numpy()[codes]
            z += np.nan_to_num(gap) / counts[item].to_numpy()[codes] / len(items) / len(DIMENSIONS)
    result["score"] = result[list(DIMENSIONS)].mean(axis=1)
    n = grouped.size()
    squares = pd.Series(z**2).groupby(codes).sum().to_numpy()
    result["std_error"] = np.sqrt(n.to_numpy() / (n.to_numpy() - 1) * squares)
    result["n"] = n
    return result


def polars_lazy(table: object) -> object:
    """The same as a polars query, optimised and run on all cores."""
    import polars as pl

    lazy = table.lazy()  # type: ignore[attr-defined]
    means = lazy.group_by("company").agg(
        [pl.col(i).mean().alias(f"{i}_mean") for i in ITEMS]
        + [pl.col(i).count().alias(f"{i}_n") for i in ITEMS]
        + [pl.len().alias("n")]
    )
    inner = dimension_items()
    influence = sum(
        ((pl.col(i) - pl.col(f"{i}_mean")).fill_null(0.0) / pl.col(f"{i}_n")) / len(items) / len(inner)
        for items in inner.values()
        for i in items
    )
    squares = lazy.join(means, on="company").select("company", (influence**2).alias("z2"))
    total = squares.group_by("company").agg(pl.col("z2").sum())
    query = (
        means.join(total, on="company")
        .with_columns(
            [pl.mean_horizontal([f"{i}_mean" for i in items]).alias(d) for d, items in inner.items()]
        )
        .with_columns(
            pl.mean_horizontal(list(inner)).alias("score"),
            (pl.col("n") / (pl.col("n") - 1) * pl.col("z2")).sqrt().alias("std_error"),
        )
    )
    return query.collect()


def from_memory(responses: ss.Responses) -> None:
    """Compare scoring from memory."""
    frame = pandas_frame(responses)
    ours = ss.score(responses, company_min_n=1)
    theirs = vectorised_pandas(frame)
    at = theirs.loc[ours.companies["company"].astype(str).to_numpy()]
    for column in ("score", "std_error", *DIMENSIONS):
        np.testing.assert_allclose(ours.companies[column], at[column], rtol=1e-10)
    seconds = {"satsurvey, all tables": timed(lambda: ss.score(responses, company_min_n=1))}
    seconds["pandas, vectorised (companies only)"] = timed(lambda: vectorised_pandas(frame), 3)
    try:
        import polars as pl
    except ImportError:
        print("  polars is not installed: left out")
    else:
        table = pl.DataFrame({"company": responses.company.codes, **{i: frame[i].to_numpy() for i in ITEMS}})
        table = table.with_columns(pl.col(ITEMS).fill_nan(None))
        found = polars_lazy(table).sort("company")
        by_code = at.reindex([n for n in responses.company.names if n in at.index])
        np.testing.assert_allclose(found["std_error"], by_code["std_error"], rtol=1e-9)
        seconds["polars lazy (companies only)"] = timed(lambda: polars_lazy(table), 5)
    names = frame["company"].cat.categories
    share = min(1.0, 400 / len(names))
    few = frame[frame["company"].isin(names[: int(len(names) * share)])].copy()
    few["company"] = few["company"].cat.remove_unused_categories()
    seconds[f"pandas groupby-apply (companies only, from {share:.1%} of them)"] = (
        timed(lambda: obvious_pandas(few), 1) / share
    )
    ours_seconds = seconds["satsurvey, all tables"]
    for name, value in seconds.items():
        print(f"  {name:<66} {value:9.3f} s   {value / ours_seconds:8.1f} x")


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


def from_csv(path: Path, encoding: str, repeats: int) -> None:
    """Compare file to tables with the bare read of the file."""
    read = timed(
        lambda: arrow_csv.read_csv(path, read_options=arrow_csv.ReadOptions(encoding=encoding)), repeats
    )
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(path), str(repeats)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    seconds, peak, added = (float(part) for part in done.stdout.split())
    size = path.stat().st_size
    print(
        f"  {encoding:<8} {size / 1e6:7.0f} MB: bare pyarrow.csv read {read:.3f} s, "
        f"to all tables {seconds:.3f} s = "
        f"{seconds / read:.2f} x; peak memory {peak / 1e6:.0f} MB = {peak / size:.2f} x the file "
        f"({added / size:.2f} x without the libraries)"
    )


def cold_start() -> None:
    """Compare the field's size, from cold process to printed table, with `import pandas`."""
    example = ROOT / "examples" / "national-2019" / "national-2019.csv"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT, "check": True}
    # As installed, with byte code on disk.
    quiet["env"] = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    whole = [sys.executable, "-m", "satsurvey", "score", str(example)]
    subprocess.run(whole, **quiet)  # type: ignore[call-overload]
    pairs = []
    for _ in range(5):
        bare = timed(lambda: subprocess.run([sys.executable, "-c", "import pandas"], **quiet), 1)  # type: ignore[call-overload]
        pairs.append((timed(lambda: subprocess.run(whole, **quiet), 1), bare))  # type: ignore[call-overload]
    ratio = float(np.median([ours / bare for ours, bare in pairs]))
    ours, bare = (float(np.median(column)) for column in zip(*pairs, strict=True))
    print(
        f"  import pandas {bare:.2f} s, satsurvey score of 7,385 interviews {ours:.2f} s: "
        f"{ratio:.2f} x (median)"
    )


def main() -> None:
    """Print all ratios."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
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
        print("Growth:")
        for n in (rows // 4, rows // 2, rows):
            part = Path(folder) / "part.csv"
            make_csv(part, n, "utf-8")
            responses = ss.read_responses([part])
            seconds = timed(lambda: ss.score(responses, company_min_n=1), 3)  # noqa: B023
            print(f"  {n:>10,} rows: {seconds:.3f} s, {seconds / n * 1e6:.3f} s per million")
    print("Cold start:")
    cold_start()


if __name__ == "__main__":
    main()
