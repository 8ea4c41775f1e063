"""Learn the weights of workers/manner.py from judged texts: opinion against news, by the text alone.

Run: .venv/bin/python benchmarks/training/genre.py [DATA] [--write]
DATA is a folder with judged.public.jsonl and background.public.jsonl. It prints F1 of opinion, cross-validated over
texts (ten folds, three shuffles) and over outlets (each left out in turn; also with address, section and byline beside the
text), and writes workers/manner-weights.yaml.

A word is given a weight only if it is common: in at least 15 % of the texts of its language and in three outlets
(one, where a language has fewer), written small more often than not, no number, in no name of the gazetteer. So no word that would tell a
text, a person or an outlet apart gets into the file.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from math import log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from khabar.catalogue import SHIPPED, load  # noqa: E402 - run as a script, from anywhere
from khabar.models import Article, Discovery  # noqa: E402
from khabar.text import words as words_of  # noqa: E402
from workers.extract import Extracted  # noqa: E402
from workers.genre import VIEWS, classify  # noqa: E402
from workers.manner import Manner, measure  # noqa: E402

LANGUAGES = ("en", "ur", "ps", "fa")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANYWHERE = Discovery("a", "urn:x", NOW, "training", "import")
COMMON, OUTLETS, WORDS_SHARE, RIDGE = 0.15, 3, 0.5, 1e-3


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, Dari counted as Persian."""
    found = [json.loads(line) for line in path.read_text("utf-8").strip().split("\n")]
    return [row | {"lang": "fa" if row["lang"] == "prs" else row["lang"]} for row in found]


def vocabulary(texts: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the common words of each language (see above), with how rare they still are: log(texts / texts with it)."""
    names = {word for name in load([SHIPPED]).gazetteer.names for word in name.split()}
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    outlets: dict[tuple[str, str], set[str]] = defaultdict(set)
    capital: Counter[str] = Counter()
    size = Counter(row["lang"] for row in texts)
    for row in texts:
        seen[row["lang"]].update(set(words_of(row["body"])))
        for word in set(words_of(row["body"])):
            outlets[row["lang"], word].add(row["source"])
        capital.update(
            {word.lower(): (1 if word[0].isupper() else -1) for word in re.findall("[A-Za-z]+", row["body"])}
        )
    enough = {
        lang: min(OUTLETS, len({row["source"] for row in texts if row["lang"] == lang})) for lang in LANGUAGES
    }
    return {
        lang: {
            word: log(size[lang] / count)
            for word, count in sorted(seen[lang].items())
            if count >= COMMON * size[lang]
            and len(outlets[lang, word]) >= enough[lang]
            and len(word) > 1
            and not any(map(str.isdigit, word))
            and (word not in names or (lang == "en" and capital[word] < 0))
            and capital[word] <= 0
        }
        for lang in LANGUAGES
    }


def solve(kernel: np.ndarray, opinion: np.ndarray) -> np.ndarray:
    """Return the dual weights of ridge logistic regression, both classes weighing the same."""
    size = len(opinion)
    weight = np.where(opinion > 0, 0.5 / opinion.mean(), 0.5 / (1 - opinion.mean()))
    dual = np.zeros(size)
    for _ in range(25):
        scores = kernel @ dual
        chance = 1 / (1 + np.exp(-scores))
        curve = weight * chance * (1 - chance) + 1e-6
        target = scores + weight * (opinion - chance) / curve
        dual = np.linalg.solve(kernel + np.diag(RIDGE * size / curve), target)
    return dual


def cross_validated(kernel: np.ndarray, opinion: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the score of each text by what the other folds teach; above 0 it is opinion."""
    scores = np.zeros(len(opinion))
    for fold in set(folds.tolist()):
        rest = folds != fold
        scores[~rest] = kernel[np.ix_(~rest, rest)] @ solve(kernel[np.ix_(rest, rest)], opinion[rest])
    return scores


def f1(said: np.ndarray, opinion: np.ndarray) -> float:
    """Return F1 of opinion."""
    return float(2 * (said & (opinion > 0)).sum() / (said.sum() + opinion.sum()))


def with_all_cues(row: dict[str, Any], score: float) -> bool:
    """Tell whether a text is opinion by its address, section and byline too, its way of writing being given."""
    url, title = row["url"] or "urn:x", row["title"] or ""
    article = Article(
        "x", url, row["source"], title, row["body"], NOW, lang=row["lang"], section=row["section"],
        authors=tuple(row["authors"] or ()),
    )  # fmt: skip
    extracted = Extracted(url, title, row["body"], 1.0)
    return (
        classify(article, extracted, ANYWHERE, lambda _title, _body, _lang: Manner(score, ("text",))).genre
        in VIEWS
    )


def main() -> None:
    """Measure, and with --write learn from all and write the file."""
    given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    data = Path(given[0]) if given else ROOT.parent / "shared" / "data" / "regional"
    judged = rows(data / "judged.public.jsonl")
    texts = [row for row in judged if row["genre"] in {"opinion", "news"} and row["lang"] in LANGUAGES]
    background = rows(data / "background.public.jsonl")
    common = vocabulary([*judged, *background])
    measured = [measure(row["title"] or "", row["body"], row["lang"]) for row in texts]

    names = sorted(measured[0].cues)
    values = np.array([[found.cues[name] for name in names] for found in measured])
    usual = usual_of([*texts, *background[::3]], names)
    cues = values - np.array([usual[row["lang"]] for row in texts])
    spread = (cues.std(0) + 1e-9) * sqrt(len(names))
    cues = cues / spread
    places = {
        key: place for place, key in enumerate((lang, word) for lang in LANGUAGES for word in common[lang])
    }
    words = np.zeros((len(texts), len(places)))
    for line, (row, found) in enumerate(zip(texts, measured, strict=True)):
        for word, count in found.words.items():
            if (row["lang"], word) in places:
                rare = common[row["lang"]][word]
                words[line, places[row["lang"], word]] = sqrt(count / found.words.total()) * rare
    scale = sqrt(WORDS_SHARE * len(texts) / (words**2).sum())
    inputs = np.hstack([cues, scale * words, np.ones((len(texts), 1))])
    opinion = np.array([row["genre"] == "opinion" for row in texts], float)
    kernel = inputs @ inputs.T

    outlets = sorted({row["source"] for row in texts})
    by_outlet = np.array([outlets.index(row["source"]) for row in texts])
    shuffled = [np.random.RandomState(seed).permutation(len(texts)) % 10 for seed in range(3)]
    print(f"{len(texts)} texts, {int(opinion.sum())} of opinion, {len(names)} cues, {len(places)} words")
    over_texts = [f1(cross_validated(kernel, opinion, folds) > 0, opinion) for folds in shuffled]
    unseen = cross_validated(kernel, opinion, by_outlet)
    cued = np.array([with_all_cues(row, score) for row, score in zip(texts, unseen, strict=True)])
    print(f"F1 of opinion, over texts, text alone    {np.mean(over_texts):.3f}")
    print(f"F1 of opinion, over outlets, text alone  {f1(unseen > 0, opinion):.3f}")
    print(f"F1 of opinion, over outlets, all cues    {f1(cued, opinion):.3f}")
    if "--write" not in sys.argv:
        return
    learned = inputs.T @ solve(kernel, opinion)
    by_cue = dict(zip(names, learned[: len(names)] / spread, strict=True))
    by_word = learned[len(names) : -1] * scale
    write(float(learned[-1]), by_cue, {lang: dict(zip(names, of, strict=True)) for lang, of in usual.items()}, {
        lang: {word: by_word[places[lang, word]] * rare for word, rare in of.items()} for lang, of in common.items()
    })  # fmt: skip


def usual_of(texts: list[dict[str, Any]], names: list[str]) -> dict[str, np.ndarray]:
    """Return the mean of each cue by language: languages differ in more than their writers do."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    for row in texts:
        if row["lang"] in LANGUAGES:
            cues = measure(row["title"] or "", row["body"], row["lang"]).cues
            found[row["lang"]].append([cues[name] for name in names])
    return {lang: np.array(found[lang]).mean(0) for lang in LANGUAGES}


def write(
    start: float, cues: dict[str, Any], usual: dict[str, dict[str, Any]], words: dict[str, dict[str, Any]]
) -> None:
    """Write the weights, those that weigh nothing left out."""
    told = {
        "start": round(start, 3),
        "cues": {name: round(float(weight), 3) for name, weight in cues.items()},
        "usual": {lang: {name: round(float(value), 3) for name, value in of.items()} for lang, of in usual.items()},
        "words": {
            lang: {word: round(float(weight), 2) for word, weight in sorted(of.items(), key=lambda item: -item[1]) if abs(weight) >= 0.05}
            for lang, of in words.items()
        },
    }  # fmt: skip
    head = (
        "# Weights of opinion (above 0) against news (below), learned by benchmarks/training/genre.py: a cue's weight for each\n"
        "# unit above what is usual in the language, a common word's for the square root of its share of the text. Not to be edited by hand.\n"
    )
    path = ROOT / "workers" / "manner-weights.yaml"
    path.write_text(head + yaml.safe_dump(told, allow_unicode=True, sort_keys=False), "utf-8")


if __name__ == "__main__":
    main()
