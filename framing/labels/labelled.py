"""Which texts have a label, known at once however many labels there are."""

from __future__ import annotations

from threading import Lock

from framing.labels.label import MAX_PAGE, Chain, KeptLabel, LabelQuery
from framing.labels.protocol import Labels


class LabelledTexts:
    """The texts on which a label holds, whoever's it is; safe to share between threads.

    A store is read once, and from then on only what came since: whoever reads on from a label's number misses nothing.
    """

    def __init__(self, store: Labels) -> None:
        self._store = store
        self._after = 0
        self._holding: dict[str, set[Chain]] = {}
        self._alone = Lock()

    def digests(self) -> frozenset[str]:
        """The digests of these texts, as of now. Raises StoreError."""
        with self._alone:
            while self._read_page():
                pass
            return frozenset(self._holding)

    def _read_page(self) -> bool:
        """Take in the labels that came next; whether there are more."""
        page = self._store.page(LabelQuery(history=True, after=self._after, limit=MAX_PAGE))
        for kept in page:
            self._take(kept)
            self._after = kept.id
        return page.next is not None

    def _take(self, kept: KeptLabel) -> None:
        chains = self._holding.setdefault(kept.text_digest, set())
        (chains.discard if kept.label.withdrawn else chains.add)(kept.chain)
        if not chains:
            del self._holding[kept.text_digest]
