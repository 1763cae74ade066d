"""Embeddings of pages with transformers: its image processor, then Qwen2.5-VL, the last token normalised."""

import json
import sys
import time
from functools import cache
from pathlib import Path

import torch
import transformers
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

PROMPT = "Passage:<|vision_start|><|image_pad|><|vision_end|><|im_end|>"

model = None
processor = None


def open_pages(base, maxPixels, attention="sdpa", **_):
    global model, processor
    began = time.perf_counter()
    whole = AutoModelForImageTextToText.from_pretrained(base, dtype=torch.float32, attn_implementation=attention)
    model = whole.model.eval()
    processor = AutoProcessor.from_pretrained(base)
    processor.image_processor.size.longest_edge = maxPixels
    processor.tokenizer.padding_side = "left"
    return {
        "seconds": time.perf_counter() - began,
        "engine": "torch on cpu",
        "threads": torch.get_num_threads(),
        "versions": {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }


def encode_pages(pages, batchSize=1, **_):
    files = files_of(pages)
    began = time.perf_counter()
    rows = []
    with torch.inference_mode():
        for first in range(0, len(files), batchSize):
            images = [Image.open(file).convert("RGB") for file in files[first : first + batchSize]]
            inputs = processor(text=[PROMPT] * len(images), images=images, return_tensors="pt", padding=True)
            states = model(**inputs).last_hidden_state[:, -1]
            rows.append(torch.nn.functional.normalize(states, dim=1))
    embeddings = torch.cat(rows)
    return {"seconds": time.perf_counter() - began, "sample": embeddings[0].tolist()}


@cache
def files_of(file):
    return json.loads(Path(file).read_text())
