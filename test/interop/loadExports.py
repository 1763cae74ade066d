"""Load exports with the tools they are made for and compare embeddings.

    python test/interop/loadExports.py BASE EXPORTS [--original ADAPTER]

BASE is the folder of the base model; every folder in EXPORTS is loaded by what it holds: a PEFT adapter, a merged
checkpoint or a sentence-transformers model. All must give the embeddings of the first adapter (of ADAPTER, where given),
and none those of the base alone. Exit code 1 otherwise.

Written against torch 2.13.0, transformers 5.18.0, peft 0.21.0, sentence-transformers 6.0.1.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors import safe_open
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

QUERIES = ["what is the capital of france", "how tall is a giraffe", "def add(a, b):", "long " * 60]
TITLES = ["Paris", "", " Circle\n", ""]
PASSAGES = ["Paris is the capital and largest city of France.", "A giraffe\tstands 5 m tall.", "x^2 + y^2 = r^2", "word " * 90]


def documents():
    """Passages as the model cards say: a text without a title begins with a blank, as it did in training."""
    return [(title.strip() + " " + text.strip()).rstrip() for title, text in zip(TITLES, PASSAGES)]


def token_rows(tokenizer, contract):
    for texts, kind in (([text.strip() for text in QUERIES], "query"), (documents(), "passage")):
        before = [] if contract["bosId"] is None else [contract["bosId"]]
        after = [] if contract["eosId"] is None else [contract["eosId"]]
        for text in texts:
            ids = tokenizer(contract[f"{kind}Prefix"] + text, add_special_tokens=False)["input_ids"]
            yield before + ids[: contract[f"{kind}MaxLength"] - len(before) - len(after)] + after


def embed(model, rows):
    """Final hidden state of the last token at unit length, [texts, hidden]; one text at a time, so nothing is padded."""
    with torch.no_grad():
        states = [model(torch.tensor([row]), output_hidden_states=True).hidden_states[-1][0, -1].float() for row in rows]
    return torch.nn.functional.normalize(torch.stack(states), dim=1)


def load_base(folder, keys):
    """The base in the class that an adapter's keys are made for."""
    causal = any(key.startswith("base_model.model.model.") for key in keys)
    return (AutoModelForCausalLM if causal else AutoModel).from_pretrained(folder, dtype=torch.float32).eval()


def adapter_keys(folder):
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        return list(file.keys())


def embed_adapter(base, folder, rows):
    return embed(PeftModel.from_pretrained(load_base(base, adapter_keys(folder)), folder).eval(), rows)


def embed_sentence_transformers(folder, contract):
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    passages = model.encode_document(documents(), convert_to_tensor=True)
    model.max_seq_length = contract["queryMaxLength"]
    return torch.cat([model.encode_query(QUERIES, convert_to_tensor=True), passages])


def embed_merged(folder, rows):
    model, report = AutoModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not report["missing_keys"], report
    return embed(model.eval(), rows)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("base")
    arguments.add_argument("exports", type=Path)
    arguments.add_argument("--original", type=Path, help="an adapter that all must equal")
    options = arguments.parse_args()
    folders = sorted(folder for folder in options.exports.iterdir() if folder.is_dir())
    adapters = [folder for folder in folders if (folder / "adapter_config.json").exists()]
    contract = json.loads((folders[0] / "contract.json").read_text())
    rows = list(token_rows(AutoTokenizer.from_pretrained(options.base), contract))
    expected = embed_adapter(options.base, options.original or adapters[0], rows)
    untrained = embed(load_base(options.base, []), rows)
    failures = 0
    print(f"{'export':36} largest difference from the adapter, from the base")
    for folder in folders:
        if folder in adapters:
            found = embed_adapter(options.base, folder, rows)
        elif (folder / "modules.json").exists():
            found = embed_sentence_transformers(folder, contract)
        else:
            found = embed_merged(folder, rows)
        off, moved = ((found - other).abs().max().item() for other in (expected, untrained))
        rounded = "config.json" in {file.name for file in folder.iterdir()} and "32" not in str(dtype_of(folder))
        good = off < (0.05 if rounded else 1e-5) and moved > 10 * off
        failures += not good
        print(f"{folder.name:36} {off:.1e}  {moved:.1e}  {'' if good else 'FAILED'}")
    sys.exit(1 if failures else 0)


def dtype_of(folder):
    config = json.loads((folder / "config.json").read_text())
    return config.get("torch_dtype") or config.get("dtype")


main()
