"""Several processes train one network: each takes a share of every batch, rank 0 speaks for all.

`Alone` is the ordinary case of one process. `Several` is what
`torchrun --standalone --nproc-per-node 2 -m trainer run …` gets: gloo, which needs no more than the
loopback interface, and for tensors on GPUs nccl.
"""

from __future__ import annotations

import os
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

T = TypeVar("T")
WORDS = ("running", "paused", "cancelled")
"""What a job may be wanted to be; where ranks differ, the later word wins."""


class Alone:
    """One process: its share of a batch is the batch."""

    rank = 0
    world_size = 1

    def share_of(self, rows: Tensor) -> Tensor:
        """This rank's rows of a global batch."""
        return rows

    def combine(self, model: nn.Module, loss: float, own: int, total: int) -> float:
        """Makes every gradient that of the global batch, in place; returns its loss."""
        return loss

    def agree(self, word: str) -> str:
        """The one word all ranks act on."""
        return word

    def from_first(self, value: T) -> T:
        """Rank 0's value, on every rank."""
        return value

    def close(self) -> None:
        pass


class Several(Alone):
    """Ranks that meet after every batch. All must make the same calls in the same order."""

    def __init__(self, device: str) -> None:
        """device: of the gradients, "cpu" or "cuda"; words and states always meet on the CPU."""
        if device == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group(backends(device))
        self.rank = dist.get_rank()
        self.world_size = dist.get_world_size()

    def share_of(self, rows: Tensor) -> Tensor:
        return rows[self.rank :: self.world_size]

    def combine(self, model: nn.Module, loss: float, own: int, total: int) -> float:
        parameters = [p for p in model.parameters() if p.requires_grad]
        parts = [(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters]
        flat = torch.cat([*parts, torch.tensor([loss], device=parts[0].device)]) * (own / total)
        dist.all_reduce(flat)
        start = 0
        for parameter in parameters:
            end = start + parameter.numel()
            parameter.grad = flat[start:end].view_as(parameter).clone()
            start = end
        return float(flat[-1])

    def agree(self, word: str) -> str:
        code = torch.tensor([WORDS.index(word)])
        dist.all_reduce(code, op=dist.ReduceOp.MAX)
        return WORDS[int(code)]

    def from_first(self, value: T) -> T:
        box: list[T] = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def close(self) -> None:
        dist.destroy_process_group()


def backends(device: str) -> str:
    """What carries the tensors of each kind of device."""
    return "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"


def ranks_from_environment(device: str) -> Alone:
    """`Several` under torchrun, which sets RANK and WORLD_SIZE; `Alone` otherwise."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ:
        return Several(device)
    return Alone()
