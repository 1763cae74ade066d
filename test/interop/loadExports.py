"""Load exports with the tools they are made for and compare embeddings with ours.

    python test/interop/loadExports.py FOLDER

FOLDER holds a folder for each base, as writeExports.ts writes them: exports/ and reference.json. Every export is loaded by
what it holds: a PEFT adapter, a merged checkpoint or a sentence-transformers model. In float32 all must give our
embeddings within 1e-5, and none those of the base alone. One line each; exit code 1 when one FAILED.
"""

import json
import sys
from pathlib import Path

from imageExports import check_images  # first, for what it does before transformers is loaded

import torch
from peft import PeftModel
from safetensors import safe_open
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

EXACT = 1e-5
ROUNDED = 0.05  # of weights merged in 16 bits


def queries(reference):
    return [text.strip() for text in reference["queries"]]


def documents(passages):
    """Passages as the model cards say: a text without a title begins with a blank, as it did in training."""
    return [(passage["title"].strip() + " " + passage["text"].strip()).rstrip() for passage in passages]


def token_rows(tokenizer, reference):
    """What the contract asks for, by the tokenizer of transformers."""
    contract = reference["contract"]
    if "chatBefore" in contract:
        yield from chat_rows(tokenizer, reference)
        return
    before, after = ([] if contract[key] is None else [contract[key]] for key in ("bosId", "eosId"))
    for texts, kind in ((queries(reference), "query"), (documents(reference["passages"]), "passage")):
        for text in texts:
            ids = tokenizer(contract[f"{kind}Prefix"] + text, add_special_tokens=False)["input_ids"]
            yield before + ids[: contract[f"{kind}MaxLength"] - len(before) - len(after)] + after


def chat_rows(tokenizer, reference):
    """Prefix and text, cut and decoded, in a user's turn of the chat; an answer that was begun is left open."""
    contract = reference["contract"]
    answer = contract.get("answerStart", "")
    passages = [passage["title"] + " " + passage["text"] for passage in reference["passages"]]
    for texts, kind in ((reference["queries"], "query"), (passages, "passage")):
        for text in texts:
            ids = tokenizer(contract[f"{kind}Prefix"] + text, add_special_tokens=False)["input_ids"]
            turn = tokenizer.decode(ids[: contract[f"{kind}MaxLength"]]) + contract.get(f"{kind}Suffix", "")
            messages = [{"role": "user", "content": turn}] + ([{"role": "assistant", "content": answer}] if answer else [])
            chat = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=False)
            if answer:
                chat = chat[: chat.rindex(answer)] + answer
            yield tokenizer(chat + contract.get("eosToken", ""), add_special_tokens=False)["input_ids"]


def embed(model, rows):
    """Final hidden state of the last token at unit length, [texts, hidden]; one text at a time, so nothing is padded."""
    with torch.no_grad():
        states = [model(torch.tensor([row]), output_hidden_states=True).hidden_states[-1][0, -1].float() for row in rows]
    return torch.nn.functional.normalize(torch.stack(states), dim=1)


def load_base(folder, keys):
    """The base in the class that an adapter's keys are made for; the replicas' vision tower, a stand-in, fits none."""
    causal = any(key.startswith("base_model.model.model.") for key in keys)
    loader = AutoModelForCausalLM if causal else AutoModel
    return loader.from_pretrained(folder, dtype=torch.float32, ignore_mismatched_sizes=True).eval()


def embed_adapter(base, folder, rows):
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        keys = list(file.keys())
    return embed(PeftModel.from_pretrained(load_base(base, keys), folder).eval(), rows)


def embed_merged(folder, rows):
    model, report = AutoModel.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True
    )
    assert not [key for key in report["missing_keys"] if "visual" not in key], report
    return embed(model.eval(), rows)


def embed_sentence_transformers(folder, reference):
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    passages = model.encode_document(documents(reference["passages"]), convert_to_tensor=True)
    model.max_seq_length = reference["contract"]["queryMaxLength"]
    return torch.cat([model.encode_query(queries(reference), convert_to_tensor=True), passages])


def embed_export(folder, reference):
    if (folder / "adapter_config.json").exists():
        return embed_adapter(reference["base"], folder, reference["tokens"])
    if (folder / "modules.json").exists():
        return embed_sentence_transformers(folder, reference)
    return embed_merged(folder, reference["tokens"])


def check_case(case):
    """Yields whether each check of a case passed, with its name and what was found."""
    reference = json.loads((case / "reference.json").read_text())
    if "documents" in reference:
        yield from check_images(case, reference, EXACT)
        return
    rows = list(token_rows(AutoTokenizer.from_pretrained(reference["base"]), reference))
    yield rows == reference["tokens"], f"{case.name}: token ids", ""
    ours = torch.tensor(reference["embeddings"])
    untrained = embed(load_base(reference["base"], []), reference["tokens"])
    for folder in sorted((case / "exports").iterdir()):
        found = embed_export(folder, reference)
        off, moved = ((found - other).abs().max().item() for other in (ours, untrained))
        good = off < (ROUNDED if folder.name.endswith("-as-base") else EXACT) and moved > 10 * off
        yield good, f"{case.name}: {folder.name}", f"off by {off:.1e}, by {moved:.1e} from the base"


def main():
    counts = {True: 0, False: 0}
    for case in sorted(path for path in Path(sys.argv[1]).iterdir() if (path / "reference.json").exists()):
        for good, name, found in check_case(case):
            counts[good] += 1
            print(f"{'passed' if good else 'FAILED'}  {name}  {found}", flush=True)
    sys.exit(1 if counts[False] else 0)


main()
