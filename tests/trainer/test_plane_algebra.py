"""2x2 algebra against torch.linalg."""

import torch

from trainer.plane_algebra import determinant, inverse_root, pack, solve


def test_inverse_root_times_itself_inverts() -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(100, 2, 2, generator=generator, dtype=torch.float64)
    spd = a @ a.transpose(1, 2) + 0.1 * torch.eye(2)
    root = inverse_root(spd)
    torch.testing.assert_close(root @ root, torch.linalg.inv(spd), rtol=1e-6, atol=1e-6)


def test_solve_and_determinant_agree_with_linalg() -> None:
    generator = torch.Generator().manual_seed(1)
    a = torch.randn(100, 2, 2, generator=generator, dtype=torch.float64)
    v = torch.randn(100, 2, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(determinant(a), torch.linalg.det(a))
    torch.testing.assert_close(solve(a, v), torch.linalg.solve(a, v))


def test_pack_puts_rows_first() -> None:
    numbers = [torch.tensor([float(k)]) for k in (1, 2, 3, 4)]
    assert pack(*numbers).tolist() == [[[1.0, 2.0], [3.0, 4.0]]]
