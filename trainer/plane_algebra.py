"""Algebra of many 2x2 matrices in closed form: far cheaper than LAPACK, one small call each."""

from __future__ import annotations

import torch
from torch import Tensor


def inverse_root(matrix: Tensor) -> Tensor:
    """M^-1/2 of symmetric positive definite matrices [B, 2, 2]."""
    a, b, d = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 1]
    s = torch.sqrt(torch.clamp(a * d - b * b, min=1e-12))
    t = torch.sqrt(a + d + 2 * s)
    return pack(d + s, -b, -b, a + s) / (s * t)[:, None, None]


def pack(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """Numbers [B] to matrices [[a, b], [c, d]], [B, 2, 2]."""
    return torch.stack([a, b, c, d], dim=-1).view(-1, 2, 2)


def determinant(matrix: Tensor) -> Tensor:
    return matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]


def solve(matrix: Tensor, vector: Tensor) -> Tensor:
    """M^-1 v for matrices [B, 2, 2] and vectors [B, 2]."""
    a, b, c, d = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 0], matrix[:, 1, 1]
    x, y = vector[:, 0], vector[:, 1]
    return torch.stack([d * x - b * y, a * y - c * x], dim=-1) / (a * d - b * c)[:, None]
