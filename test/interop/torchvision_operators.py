"""Import this before transformers.

torchvision is what transformers resizes by where it is installed. Built for another torch, it lacks two operators of its
own, which resizing needs none of.
"""

import torch

_operators = torch.library.Library("torchvision", "FRAGMENT")
for _operator in ("nms(Tensor x) -> Tensor", "qnms(Tensor x) -> Tensor"):
    try:
        _operators.define(_operator)
    except RuntimeError:
        pass  # it has them
