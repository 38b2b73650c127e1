"""Imports that take long."""

import gc

import pytest

from framing.importing import importing


@pytest.mark.parametrize("collected", [True, False])
def test_garbage_is_looked_for_again_afterwards_if_it_was_before(collected):
    before = gc.isenabled()
    try:
        (gc.enable if collected else gc.disable)()
        with importing():
            assert not gc.isenabled()
        assert gc.isenabled() == collected
    finally:
        (gc.enable if before else gc.disable)()
