"""Train by sentence-transformers and PEFT on the pools of test/results/peer/run.ts, update by update as tercet does.

Arguments: base, adapter to start from (PEFT), pools, output. A line of pools is an update: its rate, its temperature, and
the token ids of its queries and of each query's passages, the positive first. The output is the trained adapter, with the
loss and the seconds of each update in losses.jsonl. Versions: test/bench/against/python/requirements.txt.
"""

import json
import shutil
import sys
import time
from pathlib import Path

tests = Path(__file__).parents[2]
sys.path += [str(tests / "interop"), str(tests / "bench/against/python")]

import torchvision_operators  # first, for what it does before transformers is loaded

import torch
from peft import LoraConfig
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

from padded_batch import padded_batch

MINI_BATCH = 32  # a column of the pools
MAX_GRAD_NORM = 1.0
ADAPTER = "adapter_model.safetensors"


def open_model(base, adapter):
    """The base with the adapter's matrices to train; returns them by their names in the file too."""
    transformer = Transformer(base, model_kwargs={"dtype": torch.float32, "attn_implementation": "sdpa"})
    width = transformer.get_embedding_dimension()
    model = SentenceTransformer(modules=[transformer, Pooling(width, "lasttoken"), Normalize()], device="cpu")
    model.add_adapter(LoraConfig.from_pretrained(adapter))
    saved = load_file(Path(adapter) / ADAPTER)
    places = {}
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            plain = name.replace(".default", "")
            places["base_model.model." + plain[plain.index("layers.") :]] = parameter
    if set(saved) != set(places):
        raise ValueError(f"{adapter} has other matrices than the model: {sorted(set(saved) ^ set(places))[:4]}")
    with torch.no_grad():
        for name, parameter in places.items():
            parameter.copy_(saved[name])
    return model, places


def train(model, matrices, pools):
    optimizer = torch.optim.AdamW(matrices, lr=1.0, weight_decay=0.0, fused=True)
    losses = {}
    model.train()
    for line in Path(pools).open():
        pool = json.loads(line)
        scale = 1 / pool["temperature"]
        if scale not in losses:
            losses[scale] = CachedMultipleNegativesRankingLoss(model, scale=scale, mini_batch_size=MINI_BATCH)
        began = time.perf_counter()
        columns = [pool["queries"], *zip(*pool["passages"])]
        optimizer.zero_grad(set_to_none=True)
        loss = losses[scale]([padded_batch(column) for column in columns], None)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(matrices, MAX_GRAD_NORM)
        for group in optimizer.param_groups:
            group["lr"] = pool["rate"]
        optimizer.step()
        yield {"loss": loss.item(), "seconds": time.perf_counter() - began}


def main():
    base, adapter, pools, output = sys.argv[1:]
    model, places = open_model(base, adapter)
    lines = []
    for update in train(model, list(places.values()), pools):
        lines.append(json.dumps(update) + "\n")
        print(f"update {len(lines)}, loss {update['loss']:.4f}, {update['seconds']:.2f} s", file=sys.stderr)
    partial = Path(f"{output}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(adapter, partial)
    save_file({name: matrix.detach().contiguous() for name, matrix in places.items()}, partial / ADAPTER)
    (partial / "losses.jsonl").write_text("".join(lines))
    partial.rename(output)


main()
