"""Training steps with PyTorch, transformers and PEFT on random weights: python3 torchTraining.py DEVICE, with JSON on
standard input: config (of the base, as config.json has it), lora, temperature, queries and passages (lengths of the texts of
one pool), poolsPerUpdate, seconds (for all). Prints what it found as JSON: each way's seconds a pool, queries a second and
most memory, or why it failed.

Ways, each with attention that needs no mask (texts are padded at the end, so that no token sees padding) and texts sorted by
length: `checkpoints` keeps the input of each layer for the whole pool; `cache` runs chunks without and then again with
gradient (Gao et al. 2021), nothing else computed again; `compiled` is the faster one through torch.compile."""

import json
import signal
import sys
import time

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from transformers import Qwen2Config, Qwen2Model

begun = time.time()


def main(device, asked):
    model = build(asked, device)
    say("model is there")
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=device == "cuda")
    pool = make_pool(asked, device)
    ways = []
    for name, sizes, part in (("checkpoints", (8192, 4096), 0.4), ("cache", (8192, 6144, 4096, 2048), 0.65)):
        ways.append(attempt(name, sizes, model, pool, optimizer, asked, until=share(asked, part)))
    ran = [way for way in ways if "seconds" in way]
    if ran:
        best = min(ran, key=lambda way: way["seconds"])
        for layer in model.base_model.model.layers:
            layer.compile(dynamic=True)
        sizes = (best["chunkTokens"],)
        compiled = attempt(best["way"], sizes, model, pool, optimizer, asked, until=share(asked, 1.0))
        ways.append({**compiled, "way": f"compiled {best['way']}"})
    versions = {"torch": torch.__version__, "transformers": __import__("transformers").__version__}
    name = torch.cuda.get_device_name() if device == "cuda" else "processor"
    print(json.dumps({"device": name, "versions": versions, "parameters": sum(p.numel() for p in parameters), "ways": ways}))


def build(asked, device):
    torch.manual_seed(1)
    config = Qwen2Config(**asked["config"], attn_implementation="sdpa")
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        base = Qwen2Model(config)
        for parameter in base.parameters():
            if parameter.dim() == 2:
                torch.nn.init.normal_(parameter, std=0.02)
    lora = asked["lora"]
    model = get_peft_model(
        base,
        LoraConfig(
            task_type="FEATURE_EXTRACTION",
            r=lora["rank"],
            lora_alpha=lora["alpha"],
            lora_dropout=lora["dropout"],
            target_modules=[f"{name}_proj" if not name.endswith("_proj") else name for name in lora["targets"]],
        ),
        autocast_adapter_dtype=False,  # as DeepSpeed's bf16 has them; fp32 adapters cost casts at every product
    )
    torch.set_default_dtype(torch.float32)
    return model.train()


def make_pool(asked, device):
    """Chunks need the order by length; `places` leads back from it."""
    vocabulary = asked["config"]["vocab_size"]
    generator = torch.Generator().manual_seed(2)
    texts = [torch.randint(vocabulary, (n,), generator=generator) for n in asked["queries"] + asked["passages"]]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    places = torch.empty(len(texts), dtype=torch.long)
    places[torch.tensor(order)] = torch.arange(len(texts))
    return {"texts": [texts[i] for i in order], "places": places.to(device), "queries": len(asked["queries"])}


def attempt(name, sizes, model, pool, optimizer, asked, until):
    failed = "no time was left"
    for tokens in sizes:
        if time.time() >= until:
            break
        try:
            return {"way": name, "chunkTokens": tokens, **measure(name, tokens, model, pool, optimizer, asked, until)}
        except torch.OutOfMemoryError:
            failed = f"out of memory with chunks of {tokens} tokens"
        except Exception as error:  # of torch.compile, and of the alarm
            failed = f"{type(error).__name__}: {str(error)[:300]}"
        say(f"{name}, {tokens}: {failed}")
        optimizer.zero_grad()
        release()
    return {"way": name, "failed": failed}


def measure(name, tokens, model, pool, optimizer, asked, until):
    device = pool["places"].device
    chunks = cut(pool["texts"], tokens, device)
    layers = model.base_model.model
    if name == "checkpoints":
        layers.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    else:
        layers.gradient_checkpointing_disable()
    run = whole if name == "checkpoints" else cached
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    best, update, losses = float("inf"), float("inf"), []
    with alarm(until):
        for turn in range(4):
            started = time.time()
            loss = run(model, chunks, pool, asked["temperature"])
            losses.append(float(loss))
            wait(device)
            seconds = time.time() - started
            torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
            optimizer.step()
            optimizer.zero_grad()
            wait(device)
            say(f"{name}, {tokens}: {seconds:.2f} s")
            if turn > 0:
                best, update = min(best, seconds), min(update, time.time() - started - seconds)
            if turn > 0 and time.time() + 1.2 * best > until:
                break
    pools = asked["poolsPerUpdate"]
    return {
        "seconds": best,
        "updateSeconds": update,
        "queriesPerSecond": pools * pool["queries"] / (pools * best + update),
        "peakBytes": torch.cuda.max_memory_allocated() if device.type == "cuda" else None,
        "paddedTokens": sum(ids.numel() for ids, _ in chunks),
        "tokens": sum(len(text) for text in pool["texts"]),
        "losses": losses,
    }


def cut(texts, tokens, device):
    """Neighbours in length: rows of ids padded at the end to a multiple of 8, and the place of each text's last token."""
    chunks, rows = [], []

    def close():
        width = -(-max(len(row) for row in rows) // 8) * 8
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = row
        chunks.append((ids.to(device), torch.tensor([len(row) - 1 for row in rows], device=device)))

    for text in texts:
        if rows and (len(rows) + 1) * (-(-len(text) // 8) * 8) > tokens:
            close()
            rows = []
        rows.append(text)
    close()
    return chunks


def embed(model, ids, last):
    hidden = model(input_ids=ids, use_cache=False).last_hidden_state
    return F.normalize(hidden[torch.arange(len(ids), device=ids.device), last].float(), dim=-1)


def loss_of(embeddings, pool, temperature):
    embeddings = embeddings[pool["places"]]
    queries, passages = embeddings[: pool["queries"]], embeddings[pool["queries"] :]
    each = len(passages) // len(queries)
    targets = torch.arange(len(queries), device=embeddings.device) * each
    return F.cross_entropy(queries @ passages.T / temperature, targets)


def whole(model, chunks, pool, temperature):
    loss = loss_of(torch.cat([embed(model, *chunk) for chunk in chunks]), pool, temperature)
    loss.backward()
    return loss.detach()


def cached(model, chunks, pool, temperature):
    embeddings = []
    for number, chunk in enumerate(chunks):
        torch.manual_seed(number)  # the same dropout in both passes
        with torch.no_grad():
            embeddings.append(embed(model, *chunk))
    leaves = torch.cat(embeddings).requires_grad_()
    loss = loss_of(leaves, pool, temperature)
    loss.backward()
    gradients = leaves.grad.split([len(part) for part in embeddings])
    for number, (chunk, gradient) in enumerate(zip(chunks, gradients)):
        torch.manual_seed(number)
        embed(model, *chunk).backward(gradient)
    return loss.detach()


class alarm:
    """Ends work that takes too long, torch.compile above all."""

    def __init__(self, until):
        self.until = until

    def __enter__(self):
        def stop(*_):
            raise TimeoutError("the time was over")

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(max(1, int(self.until - time.time()) + 1))

    def __exit__(self, *_):
        signal.alarm(0)


def share(asked, part):
    return begun + part * asked["seconds"]


def release():
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def say(text):
    print(f"{time.time() - begun:.1f} s  {text}", file=sys.stderr, flush=True)


main(sys.argv[1], json.load(sys.stdin))
