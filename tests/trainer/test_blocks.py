"""Pooling over a set of receivers."""

import torch

from trainer.blocks import Pool, PoolingBlock, ReceiverEmbedding


def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    present = (torch.rand(7, 5, 1) < 0.6).float()
    present[0] = 1
    return torch.randn(7, 5, 8), present


def test_pool_ignores_absent_tokens() -> None:
    pool = Pool(8, 2)
    x, present = tokens()
    wild = x + 1e3 * (1 - present)
    torch.testing.assert_close(pool(wild, present), pool(x, present), rtol=0, atol=0)


def test_pool_of_equal_tokens_is_their_value() -> None:
    pool = Pool(8, 2)
    _, present = tokens()
    x = torch.ones(7, 5, 8)
    torch.testing.assert_close(pool(x, present), pool.value(x[0]))


def test_pool_does_not_depend_on_the_order_of_receivers() -> None:
    block, pool = PoolingBlock(8, 2), Pool(8, 2)
    x, present = tokens()
    order = torch.tensor([4, 2, 0, 6, 1, 5, 3])
    before = pool(block(x, present), present)
    after = pool(block(x[order], present[order]), present[order])
    torch.testing.assert_close(after, before)


def test_embedding_gives_each_receiver_weights_of_its_own() -> None:
    embed = ReceiverEmbedding(3, 4, 8)
    embed(torch.ones(3, 2, 4))[1].sum().backward()
    assert embed.weight.grad is not None
    assert embed.weight.grad[1].abs().sum() > 0
    assert embed.weight.grad[[0, 2]].abs().sum() == 0
