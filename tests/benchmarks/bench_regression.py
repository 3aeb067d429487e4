"""Speed of the regressions as ratios to statsmodels, lme4 and ordinal, measured in one run with one thread.

    python tests/benchmarks/bench_regression.py [ROWS]

A million contacts in 20,000 companies, times rounded to a tenth of a second. Both sides hold the rows in
memory: company names as pandas holds them (`category`), columns of doubles. The time in R is that of the fit
alone, taken inside R; ours is everything from columns to estimates. Slopes and standard errors are asserted
to agree to 1e-9, variance components to 1e-7. Peers that are not installed are left out. At the end the whole
study of response time (four forms, three models or the quartiles with 200 drawn sets of companies, effects,
curves by channel, bins, adjustments, diagnostics) is timed and set against one clustered least squares of
statsmodels on the same terms.
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from satsurvey.intake.responses import Factor
from satsurvey.regression.forms import compare_forms
from satsurvey.regression.least_squares import least_squares
from satsurvey.regression.mixed import random_intercept
from satsurvey.regression.ordered_logit import OrderedLogit, ordered_logit
from satsurvey.regression.quantile import quantile_regression
from satsurvey.regression.tallies import Tally, tally
from satsurvey.response_time.fit import fit_response_time
from satsurvey.response_time.rows import ResponseRows
from satsurvey.service.records import Definition

COMPANIES = 20_000
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Read when numpy is loaded, here and in R."""
WANTED = {"statsmodels": 100, "lme4": 200, "ordinal": 100}


def rows_of(n: int) -> pd.DataFrame:
    """Contacts in the order in which they came, of companies that differ in level."""
    rng = np.random.default_rng(1)
    company = rng.integers(0, COMPANIES, n)
    seconds = np.round(rng.gamma(2, 60, n), 1)
    latent = 80 - 3 * np.log1p(seconds) + rng.normal(0, 4, COMPANIES)[company] + rng.normal(0, 8, n)
    names = [f"企业{k:06d}" for k in range(COMPANIES)]
    return pd.DataFrame(
        {
            "company": pd.Categorical.from_codes(company, names),
            "seconds": seconds,
            "log_seconds": np.log1p(seconds),
            "score": latent,
            "answer": np.clip(np.rint((latent - 40) / 9), 1, 5),
        }
    )


def timed(function: Callable[[], object], repeats: int = 7) -> float:
    """Return the best of several runs in seconds."""
    best = float("inf")
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - begun)
    return best


def line(name: str, theirs: float, ours: float, wanted: int | None = None) -> None:
    wish = f"   (wanted {wanted} x)" if wanted else ""
    print(f"  {name:<62} {theirs:9.3f} s   ours {ours:8.4f} s   {theirs / ours:8.1f} x{wish}", flush=True)


def clustered(rows: pd.DataFrame) -> None:
    """Least squares with clustered errors, against statsmodels."""
    try:
        import statsmodels.api as sm
        import statsmodels.formula.api as smf
    except ImportError:
        print("  statsmodels is not installed: left out")
        return

    def ours(frame: pd.DataFrame):  # type: ignore[no-untyped-def]
        made = tally(
            {"log_seconds": frame["log_seconds"]}, frame["score"], frame["company"].cat.codes.to_numpy()
        )
        return least_squares(made, correction="cr1")

    seconds = timed(lambda: ours(rows))
    together = rows.sort_values("company", kind="stable")
    sorted_seconds = timed(lambda: ours(together))
    formula = "score ~ log_seconds"

    def by_name():  # type: ignore[no-untyped-def]
        fit = smf.ols(formula, rows).fit(cov_type="cluster", cov_kwds={"groups": rows["company"]})
        return fit.params, fit.bse

    codes = rows["company"].cat.codes.to_numpy().astype(np.int64)
    design = sm.add_constant(rows["log_seconds"].to_numpy())
    score = rows["score"].to_numpy()

    def by_code():  # type: ignore[no-untyped-def]
        fit = sm.OLS(score, design).fit(cov_type="cluster", cov_kwds={"groups": codes})
        return fit.params, fit.bse

    found = ours(rows).estimates
    for fit in (by_name, by_code):
        values, errors = fit()
        np.testing.assert_allclose(found.values, values, rtol=1e-9)
        np.testing.assert_allclose(found.std_errors, errors, rtol=1e-9)
    line("statsmodels OLS, clustered by company (names)", timed(by_name, 2), seconds, WANTED["statsmodels"])
    slow = timed(by_code, 3)
    line("statsmodels OLS, arrays and companies numbered beforehand", slow, seconds)
    line("the same, our rows in the order of companies", slow, sorted_seconds)


R = """
n <- as.integer(commandArgs(TRUE)[2])
read <- function(name, kind) readBin(file.path(commandArgs(TRUE)[1], name), kind, n)
rows <- data.frame(company = factor(read("company", "integer")), log_seconds = read("log_seconds", "double"),
                   seconds = read("seconds", "double"), score = read("score", "double"),
                   answer = read("answer", "double"))
seconds_of <- function(fit) { force(system.time(fit())["elapsed"]) }
errors <- function(model) unname(sqrt(diag(as.matrix(vcov(model)))))
result <- list()
if (requireNamespace("lme4", quietly = TRUE)) {
  suppressPackageStartupMessages(library(lme4))
  model <- score ~ log_seconds + (1 | company)
  taken <- min(sapply(1:2, function(k) seconds_of(function() lmer(model, rows))))
  # By default lmer stops where the deviance is flat to its rounding. Numbers are compared at the minimum of a
  # polynomial through deviances on both sides, which is known to more digits.
  deviance_at <- lmer(model, rows, devFunOnly = TRUE)
  middle <- getME(lmer(model, rows), "theta")
  offset <- seq(-0.02, 0.02, length.out = 11)
  heights <- sapply(middle + offset, deviance_at)
  curve <- coef(lm(I(heights - min(heights)) ~ poly(offset, 5, raw = TRUE)))
  slope <- function(x) sum(curve[-1] * 1:5 * x^(0:4))
  lowest <- middle + uniroot(slope, c(-0.02, 0.02), tol = 1e-15)$root
  exact <- lmer(model, rows, start = list(theta = unname(lowest)), control = lmerControl(optimizer = NULL))
  result$lme4 <- list(seconds = taken, values = unname(fixef(exact)), errors = errors(exact),
                      variances = as.data.frame(VarCorr(exact))$vcov,
                      version = as.character(packageVersion("lme4")))
}
if (requireNamespace("ordinal", quietly = TRUE)) {
  suppressPackageStartupMessages(library(ordinal))
  taken <- seconds_of(function() clm(factor(answer) ~ seconds, data = rows))
  # A last Newton step past its own stopping rule.
  exact <- clm(factor(answer) ~ seconds, data = rows, control = list(gradTol = 1e-12, maxIter = 200L))
  slope_first <- c(5, 1:4)
  result$ordinal <- list(seconds = taken, values = unname(coef(exact)[slope_first]),
                         errors = errors(exact)[slope_first],
                         version = as.character(packageVersion("ordinal")))
}
cat(jsonlite::toJSON(result, digits = NA, auto_unbox = TRUE))
"""


def from_r(rows: pd.DataFrame) -> dict | None:
    """Fit in R and return numbers and seconds; None where there is no R."""
    if shutil.which("Rscript") is None:
        print("  R is not installed: lme4 and ordinal are left out")
        return None
    with tempfile.TemporaryDirectory() as folder:
        rows["company"].cat.codes.to_numpy().astype(np.int32).tofile(Path(folder) / "company")
        for name in ("log_seconds", "seconds", "score", "answer"):
            rows[name].to_numpy(dtype=np.float64).tofile(Path(folder) / name)
        script = Path(folder) / "fit.R"
        script.write_text(R, encoding="utf-8")
        done = subprocess.run(
            ["Rscript", str(script), folder, str(len(rows))], capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(f"  R could not fit: {done.stderr.strip()}")
        return None
    return json.loads(done.stdout)


def mixed(rows: pd.DataFrame, theirs: dict | None) -> None:
    """The random intercept by REML, against lme4."""

    def passed() -> Tally:
        codes = rows["company"].cat.codes.to_numpy()
        return tally({"log_seconds": rows["log_seconds"]}, rows["score"], codes)

    made = passed()
    seconds, found = timed(lambda: random_intercept(passed())), random_intercept(made)
    after = timed(lambda: random_intercept(made))
    print(f"  after the pass over the rows the random intercept takes {after:.4f} s")
    if theirs is None:
        print("  lme4 is not installed: left out")
        return
    np.testing.assert_allclose(found.estimates.values, theirs["values"], rtol=1e-9)
    np.testing.assert_allclose(found.estimates.std_errors, theirs["errors"], rtol=1e-9)
    np.testing.assert_allclose(
        [found.between_variance, found.residual_variance], theirs["variances"], rtol=1e-7
    )
    line(f"lme4 {theirs['version']} lmer, random intercept, REML", theirs["seconds"], seconds, WANTED["lme4"])


def ordered(rows: pd.DataFrame, theirs: dict | None) -> None:
    """The ordered logit, against ordinal."""

    def ours(clusters: np.ndarray | None = None) -> OrderedLogit:
        return ordered_logit({"seconds": rows["seconds"]}, rows["answer"], clusters=clusters)

    seconds, found = timed(ours), ours()
    codes = rows["company"].cat.codes.to_numpy()
    print(f"  with errors by company the ordered logit takes {timed(lambda: ours(codes), 3):.4f} s")
    if theirs is None:
        print("  ordinal is not installed: left out")
        return
    np.testing.assert_allclose(found.estimates.values, theirs["values"], rtol=1e-9)
    np.testing.assert_allclose(found.estimates.std_errors, theirs["errors"], rtol=1e-9)
    line(
        f"ordinal {theirs['version']} clm, {found.cells:,} times",
        theirs["seconds"],
        seconds,
        WANTED["ordinal"],
    )


def alone(rows: pd.DataFrame) -> None:
    """What has no peer here."""
    codes = rows["company"].cat.codes.to_numpy()
    taken = timed(lambda: compare_forms(rows["seconds"], rows["score"], codes), 2)
    print(f"  four forms with knot, its interval and cross-validation: {taken:.2f} s")
    columns = {"log_seconds": rows["log_seconds"]}
    taken = timed(lambda: quantile_regression(columns, rows["score"], codes, quantiles=[0.5], draws=0), 2)
    drawn = timed(lambda: quantile_regression(columns, rows["score"], codes, quantiles=[0.5], draws=200), 1)
    print(f"  exact median: {taken:.2f} s, with 200 drawn sets of companies {drawn:.2f} s")


CHANNELS = ("im", "online", "phone")
STEPS = ("compare_forms", "fit_mixed", "fit_ordered", "fit_median", "by_channel", "binned", "adjustments")


def linked(rows: pd.DataFrame, *, answers: bool) -> ResponseRows:
    """Return the rows of the study, with three channels and one number held fixed."""
    rng = np.random.default_rng(2)
    company, n = rows["company"], len(rows)
    channel = Factor(rng.integers(0, 3, n).astype(np.int32), CHANNELS)
    hard = np.round(rng.normal(size=n), 2)
    answer = rows["answer"].to_numpy() if answers else None
    score = rows["score"].to_numpy() + 2 * channel.codes - 1.5 * hard
    return ResponseRows(
        outcome=score if answer is None else (answer - 1) * 25,
        answer=answer,
        outcome_name="item:A1" if answers else "total",
        time_s=rows["seconds"].to_numpy(),
        time_name="first_response",
        definition=Definition("first_response_s", "request", "first_human_reply"),
        company=Factor(company.cat.codes.to_numpy().astype(np.int32), tuple(company.cat.categories)),
        file=np.zeros(n, dtype=np.int16),
        row=np.arange(n, dtype=np.int64) + 2,
        excluded={},
        read=n,
        channel=channel,
        controls={"channel": channel, "hard": hard},
    )


def whole(rows: pd.DataFrame) -> None:
    """The whole study, and the shares of its steps; against one model of statsmodels."""
    for answers in (True, False):
        made, what = linked(rows, answers=answers), "answers 1-5" if answers else "totals"
        seconds = timed(lambda made=made: fit_response_time(made), 1)
        profile = cProfile.Profile()
        profile.runcall(fit_response_time, made)
        spent = {name: row[3] for (_, _, name), row in pstats.Stats(profile).stats.items()}  # type: ignore[attr-defined]
        shares = [f"{name} {spent.get(name, 0.0) / spent['fit_response_time']:.0%}" for name in STEPS]
        print(f"  the whole study of {what}: {seconds:.1f} s; of it {', '.join(shares)}", flush=True)
        against_one_model(made, seconds, what)


def against_one_model(made: ResponseRows, seconds: float, what: str) -> None:
    """One clustered least squares of statsmodels, names and categories as pandas holds them."""
    try:
        import statsmodels.formula.api as smf
    except ImportError:
        return
    assert made.channel is not None
    frame = pd.DataFrame(
        {
            "score": made.outcome,
            "log_seconds": np.log1p(made.time_s),
            "hard": made.controls["hard"],
            "channel": pd.Categorical.from_codes(made.channel.codes, CHANNELS),
        }
    )
    groups = pd.Series(pd.Categorical.from_codes(made.company.codes, made.company.names))
    formula = "score ~ log_seconds + channel + hard"
    theirs = timed(
        lambda: smf.ols(formula, frame).fit(cov_type="cluster", cov_kwds={"groups": groups}).bse, 1
    )
    line(f"one clustered OLS of statsmodels; ours the whole study of {what}", theirs, seconds)


def main() -> None:
    """Print all ratios."""
    if any(os.environ.get(name) != "1" for name in THREADS):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | dict.fromkeys(THREADS, "1"))
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rows = rows_of(n)
    print(f"{n:,} rows in {COMPANIES:,} companies, one thread")
    clustered(rows)
    theirs = from_r(rows) or {}
    mixed(rows, theirs.get("lme4"))
    ordered(rows, theirs.get("ordinal"))
    alone(rows)
    whole(rows)


if __name__ == "__main__":
    main()
