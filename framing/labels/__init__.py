"""Labels that are kept for good: who said what of which text, when, by which codebook, and what it replaces.

The only door to sqlalchemy; nothing of it is imported before a store is opened.
"""

from framing.labels.label import Chain, KeptLabel, Label, LabelPage, LabelQuery, Once, Origin, Role
from framing.labels.protocol import Labels, open_store

__all__ = ["Chain", "KeptLabel", "Label", "LabelPage", "LabelQuery", "Labels", "Once", "Origin", "Role", "open_store"]
