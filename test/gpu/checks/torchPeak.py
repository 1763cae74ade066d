"""Rates of products of square matrices with PyTorch: python3 torchPeak.py DEVICE SIZE... prints them as JSON."""

import json
import sys
import time

import torch

device, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]]
torch.backends.cuda.matmul.allow_tf32 = True  # as TensorFlow does
wait = torch.cuda.synchronize if device == "cuda" else lambda: None
peaks = []
for size in sizes:
    for precision in ("float32", "bfloat16", "float16"):
        matrix = torch.rand(size, size, device=device).to(getattr(torch, precision))
        burst = 1 if device == "cpu" else max(1, min(40, int(2e13 / (2 * size**3))))
        best = float("inf")
        for _ in range(6):
            begun = time.perf_counter()
            for _ in range(burst):
                matrix @ matrix
            wait()
            best = min(best, time.perf_counter() - begun)
        peaks.append({"size": size, "precision": precision, "rate": burst * 2 * size**3 / best})
print(json.dumps(peaks))
