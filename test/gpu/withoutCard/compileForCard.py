"""Compiles XLA's modules for a card that is not there: compileForCard.py TARGET FOLDER MODULE...

TARGET describes the card, MODULE is HLO as text before any optimisation. FOLDER gets of each what XLA made of it, under the
same name; a line of JSON on standard output says how long that took and what memory it needs.
Source: jax.experimental.topologies; xla::CompiledMemoryStats.
"""

import json
import os
import pathlib
import sys
import time

import nvidia.cuda_nvcc

os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"  # which would look for a driver
compiler = f"--xla_gpu_cuda_data_dir={list(nvidia.cuda_nvcc.__path__)[0]}"
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {compiler}"

from jax._src.interpreters import mlir as contexts  # noqa: E402
from jax._src.lib import _jax, xla_client  # noqa: E402
from jax._src.lib.mlir import ir  # noqa: E402
from jax.experimental import topologies  # noqa: E402

target, folder, *modules = sys.argv[1:]
topology = topologies.get_topology_desc(
    platform="cuda",
    target_config=pathlib.Path(target).read_text(),
    topology="1x1x1",
)
card = topology.devices[0].client

for path in map(pathlib.Path, modules):
    module = xla_client.hlo.hlo_module_from_text(path.read_text())
    stable = _jax.mlir.hlo_to_stablehlo(module.as_serialized_hlo_module_proto())
    with contexts.make_ir_context():
        parsed = ir.Module.parse(stable)
    begun = time.monotonic()
    devices = xla_client.DeviceList(tuple(topology.devices))
    made = card.compile(parsed, devices, xla_client.CompileOptions())
    seconds = time.monotonic() - begun
    optimised = pathlib.Path(folder) / path.name
    optimised.write_text(made.hlo_modules()[0].to_string())
    memory = made.get_compiled_memory_stats()
    told = {
        "module": path.name,
        "seconds": seconds,
        "temporaryBytes": memory.temp_size_in_bytes,
    }
    print(json.dumps(told), flush=True)
