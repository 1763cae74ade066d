"""Scores runs with trec_eval itself, through pytrec_eval.

    python3 -m venv data/cache/venv-pytrec-eval
    data/cache/venv-pytrec-eval/bin/pip install pytrec-eval-terrier

Standard input: one JSON object {"level", "qrels", "run"} a line. Standard output: for each, the measures of every query.
"""

import json
import sys

import pytrec_eval

DEPTHS = "1,3,5,10,20,100"
MEASURES = {"map", "recip_rank", "ndcg"} | {
    f"{name}.{DEPTHS}" for name in ("ndcg_cut", "map_cut", "recall", "P", "success")
}

for line in sys.stdin:
    case = json.loads(line)
    evaluator = pytrec_eval.RelevanceEvaluator(case["qrels"], MEASURES, relevance_level=case["level"])
    print(json.dumps(evaluator.evaluate(case["run"])))
