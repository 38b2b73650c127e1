"""How much each block of features counts."""

import numpy as np

from training.shares import added_up, block_shares


def drawn(noise: tuple[float, ...], seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Scores of blocks that see the same truth through so much noise each, and the labels it gives two frames."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=(400, 2))
    return [2 * truth + amount * generator.normal(size=truth.shape) for amount in noise], truth + generator.normal(size=truth.shape) > 0.5


def test_blocks_that_tell_equally_much_count_about_equally():
    shares = block_shares(*drawn((1.0, 1.0)))
    assert np.isclose(shares.sum(), 1)
    assert abs(shares[0] - shares[1]) < 0.2


def test_a_block_that_tells_more_counts_more():
    clear, blurred = block_shares(*drawn((0.5, 3.0)))
    assert clear > 4 * blurred


def test_a_block_that_misleads_counts_nothing():
    blocks, labels = drawn((1.0, 1.0))
    assert block_shares([blocks[0], -blocks[1]], labels).round(6).tolist() == [1, 0]


def test_blocks_that_all_mislead_count_equally_as_nothing_is_better():
    blocks, labels = drawn((1.0, 1.0))
    assert block_shares([-blocks[0], -blocks[1]], labels).tolist() == [0.5, 0.5]


def test_scores_add_up_by_share():
    assert added_up([np.array([[1.0]]), np.array([[3.0]])], np.array([0.25, 0.75])).tolist() == [[2.5]]
