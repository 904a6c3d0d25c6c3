"""The owners of items that a run over a part of the scenes has not seen."""

from __future__ import annotations

from core.matching.pins import holds
from core.models import ItemRef
from plex.library import PlexSnapshot
from reconciliation.detection_pass import Sweep
from stash.scenes import StashApi, fetch_scenes
from storage.plex_index.saved_index import ItemQuery
from storage.state import State


def offer_unseen(sweep: Sweep, side: PlexSnapshot, state: State, stash: StashApi) -> None:
    """Those out of sight that own a claimed item, or a copy of a scene's file, by record or by pin,
    make their claims too, while Stash still has them."""
    pins = [pin for pins in state.pins.all().values() for pin in pins if not pin.released]
    side.focus(ItemQuery(refs={pin.ref for pin in pins}))
    pinned = {
        pin.ref: pin.scene_id
        for pin in pins
        if pin.ref in side.items and holds(pin, side.items[pin.ref].files)
    }
    made = sweep.claims.all()
    batches = sweep.findings.alike.batches()
    copies = {ItemRef(*ref) for some in batches for refs in some.values() for ref in refs}
    claimed = copies.union(made.holders())
    seen, recorded = state.owners.of(claimed), state.records.owners_of(claimed)
    unseen = made.rivals_unseen({**seen, **recorded, **pinned}, copies)
    theirs = sweep.claims_of(fetch_scenes(stash, unseen).values())
    sweep.claims.offer(
        {i: [c for c in claims if c.ref in unseen[i]] for i, claims in theirs.items()}
    )
