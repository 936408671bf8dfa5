"""Parts of the network that see a set of receivers: order does not matter, absent ones are out.

Tokens are laid out [R, B, d], receivers first, so that each receiver can have its own weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_ABSENT = -1e9


class ReceiverEmbedding(nn.Module):
    """Features [R, B, F] to tokens [R, B, d], with weights of its own for each receiver.

    A site has its own biases by azimuth; its own weights are where they can be learned.
    """

    def __init__(self, receivers: int, features: int, width: int) -> None:
        super().__init__()
        bound = (3 / features) ** 0.5
        alike = torch.empty(features, width).uniform_(-bound, bound)
        self.weight = nn.Parameter(alike.repeat(receivers, 1, 1))
        self.bias = nn.Parameter(0.1 * torch.randn(receivers, 1, width))

    def forward(self, features: Tensor) -> Tensor:
        return torch.nn.functional.gelu(torch.baddbmm(self.bias, features, self.weight))


class Pool(nn.Module):
    """Tokens [R, B, d] to one context [B, d]: each head averages its share of the features.

    present: [R, B, 1], 1 or 0. Seven by seven attention costs twice as much and is no better.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.score = nn.Linear(width, heads, bias=False)  # softmax cancels a bias
        self.value = nn.Linear(width, width)

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        receivers, batch, width = tokens.shape
        score = self.score(tokens) + _ABSENT * (1 - present)
        share = torch.softmax(score, dim=0).unsqueeze(-1)
        value = self.value(tokens).view(receivers, batch, self.heads, width // self.heads)
        pooled: Tensor = (share * value).sum(dim=0).view(batch, width)
        return pooled


class PoolingBlock(nn.Module):
    """Tokens learn of each other through a pooled context; residual, [R, B, d] to the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.pool = Pool(width, heads)
        self.own = nn.Linear(width, 2 * width)
        self.others = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(2 * width, width)

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        context = self.others(self.pool(tokens, present))
        change: Tensor = self.out(torch.nn.functional.gelu(self.own(tokens) + context))
        return tokens + change


class SetHead(nn.Module):
    """Receivers' features and a scene's context to `outputs` numbers per scene.

    features: [R, B, F]; present: [R, B, 1]; context: [B, C]
    The last layer starts small, so that an untrained network starts near its resting answer.
    """

    def __init__(
        self, receivers: int, features: int, context: int, width: int, heads: int, outputs: int
    ) -> None:
        super().__init__()
        self.embed = ReceiverEmbedding(receivers, features, width)
        self.block = PoolingBlock(width, heads)
        self.pool = Pool(width, heads)
        self.mix = nn.Linear(width + context, 2 * width)
        self.out = nn.Linear(2 * width, outputs)
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias.zero_()

    def forward(self, features: Tensor, present: Tensor, context: Tensor) -> Tensor:
        tokens = self.block(self.embed(features), present)
        pooled = torch.cat([self.pool(tokens, present), context], dim=-1)
        result: Tensor = self.out(torch.nn.functional.gelu(self.mix(pooled)))
        return result
