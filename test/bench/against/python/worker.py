"""Do the jobs of test/bench/worker/jobs.ts with PyTorch, PEFT and sentence-transformers.

A JSON line on standard input for each job, one on standard output for each answer. Versions: requirements.txt beside.
"""

import json
import os
import resource
import sys
import time
import traceback
from functools import cache
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "interop"))
answers_to = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what libraries print must not come between answers

import torchvision_operators  # first, for what it does before transformers is loaded

import peft
import sentence_transformers
import torch
import transformers
from peft import LoraConfig
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers.processors import Sequence, TemplateProcessing

from padded_batch import padded_batch
from pages import encode_pages, open_pages
from sorted_loss import SortedCachedLoss

LEARNING_RATE = 1e-4
MAX_GRAD_NORM = 1.0
SCALE = 100.0
PASSAGE_PREFIX = "Passage: "  # the contract's prefix, then the blank that stands for an empty title
PASSAGE_TOKENS = 156
SAMPLE_TEXTS = 16

device = "cuda" if torch.cuda.is_available() else "cpu"
# TensorFlow multiplies float32 this way on a card, unless the same variable forbids it to both.
torch.backends.cuda.matmul.allow_tf32 = os.environ.get("NVIDIA_TF32_OVERRIDE") != "0"
model = None
losses = {}
optimizer = None
autocast = False


def open_model(base, precision, adapter=None, attention="sdpa", adapters="bfloat16", checkpointing=False, **_):
    """`adapters`: kind of the trained matrices, or `autocast`: float32 with products under torch.autocast."""
    global model, losses, optimizer, autocast
    model, losses, optimizer = None, {}, None
    began = time.perf_counter()
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    transformer = Transformer(
        base, model_kwargs={"dtype": dtype, "attn_implementation": attention}, max_seq_length=PASSAGE_TOKENS
    )
    width = transformer.get_embedding_dimension()
    model = SentenceTransformer(modules=[transformer, Pooling(width, "lasttoken"), Normalize()], device=device)
    autocast = adapters == "autocast" and precision == "bfloat16"
    if adapter:
        attach(Path(adapter), checkpointing)
        kind = torch.bfloat16 if adapters == "bfloat16" and precision == "bfloat16" else torch.float32
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        for parameter in trained:
            parameter.data = parameter.data.to(kind)
        optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0.0, fused=True)
    return {
        "seconds": time.perf_counter() - began,
        "engine": f"torch on {device}",
        "threads": torch.get_num_threads(),
        "versions": {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "peft": peft.__version__,
            "sentence-transformers": sentence_transformers.__version__,
        },
    }


def attach(folder, checkpointing):
    """The adapter of a PEFT folder, ready to train, as `model.add_adapter` makes one."""
    model.add_adapter(LoraConfig.from_pretrained(str(folder)))
    places = {
        name.replace(".default", ""): parameter for name, parameter in model.named_parameters() if "lora_" in name
    }
    saved = load_file(folder / "adapter_model.safetensors")
    with torch.no_grad():
        for name, parameter in places.items():
            parameter.copy_(saved["base_model.model." + name[name.index("layers.") :]])
    if len(saved) != len(places):
        raise ValueError(f"{folder} has {len(saved)} matrices where the model has places for {len(places)}")
    if checkpointing:
        model[0].model.gradient_checkpointing_enable({"use_reentrant": False})
        model[0].model.enable_input_require_grads()


def train(pool, miniBatch=32, order="pool", **_):
    if (miniBatch, order) not in losses:
        kind = SortedCachedLoss if order == "sorted" else CachedMultipleNegativesRankingLoss
        losses[miniBatch, order] = kind(model, scale=SCALE, mini_batch_size=miniBatch)
    loss_function = losses[miniBatch, order]
    columns = columns_of(pool)
    model.train()
    began = time.perf_counter()
    features = [padded_batch(column, device) for column in columns]
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast(device, torch.bfloat16, enabled=autocast):
        loss = loss_function(features, None)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], MAX_GRAD_NORM)
    optimizer.step()
    value = loss.item()
    synchronize()
    return {"seconds": time.perf_counter() - began, "loss": value}


@cache
def columns_of(file):
    """The queries, then for each place in the groups the passages of all queries: the columns of a data set."""
    pool = json.loads(Path(file).read_text())
    group = pool["passagesPerQuery"]
    return [pool["queryTokens"], *(pool["passageTokens"][place::group] for place in range(group))]


def encode(texts, batchSize=32, **_):
    append_eos()
    some = texts_of(texts)
    model.eval()
    began = time.perf_counter()
    embeddings = model.encode(
        some, prompt=PASSAGE_PREFIX, batch_size=batchSize, normalize_embeddings=True, show_progress_bar=False
    )
    synchronize()
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "sample": embeddings[:SAMPLE_TEXTS].astype("float32").flatten().tolist()}


@cache
def texts_of(file):
    return [text.strip() for text in json.loads(Path(file).read_text())]


def append_eos():
    """Every text ends in the end-of-sequence token, also one that was cut."""
    tokenizer = model.tokenizer
    tokenizer.padding_side = "right"
    eos = tokenizer.eos_token
    template = TemplateProcessing(single=f"$A {eos}", special_tokens=[(eos, tokenizer.eos_token_id)])
    tokenizer.backend_tokenizer.post_processor = template


def memory(reset=False, **_):
    can_reset = False
    if reset:
        try:
            Path("/proc/self/clear_refs").write_text("5")
            can_reset = True
        except OSError:
            pass
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        resident, peak = (int(lines[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    except OSError:
        resident = peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"resident": resident, "peak": peak, "canReset": can_reset}


def synchronize():
    if device == "cuda":
        torch.cuda.synchronize()


def main():
    jobs = {
        "open": open_model,
        "train": train,
        "encode": encode,
        "openPages": open_pages,
        "encodePages": encode_pages,
        "memory": memory,
    }
    for line in sys.stdin:
        asks = json.loads(line)
        try:
            answer = jobs[asks.pop("job")](**asks)
        except Exception:
            answer = {"error": traceback.format_exc()}
        answers_to.write(json.dumps(answer) + "\n")
        answers_to.flush()


main()
