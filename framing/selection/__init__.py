"""What to label next: a pool of texts without labels, in the order in which a label teaches the model most."""

from framing.selection.pool import PoolText, load_pool
from framing.selection.queue import DIVERSE, Waiting, rank

__all__ = ["DIVERSE", "PoolText", "Waiting", "load_pool", "rank"]
