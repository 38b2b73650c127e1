"""Labels that are kept for good: who said what of which text, when, by which codebook, and what it replaces.

The only door to sqlalchemy; nothing of it is imported before a store is opened.
"""

from framing.label_columns import Role
from framing.labels.label import AT_ONCE, Chain, KeptLabel, Label, LabelPage, LabelQuery, Once, Origin
from framing.labels.protocol import Labels, open_store

__all__ = ["AT_ONCE", "Chain", "KeptLabel", "Label", "LabelPage", "LabelQuery", "Labels", "Once", "Origin", "Role", "open_store"]
