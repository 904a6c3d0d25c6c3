"""The mutations of performers, studios, tags and groups, with their hooks.

Create, update and destroy give the mutation's input; a plural destroy gives the array of ids to
each; a tag merge fires Tag.Merge.Post for the destination and nothing for its sources, a merge of
performers nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulators.stash.entity_changes import STORED
from simulators.stash.library import pick
from simulators.stash.model import Performer, Tag
from simulators.stash.state import RequestContext

Given = Mapping[str, Any]


class _Kind:
    """The mutations that all kinds have."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._type = kind.capitalize()

    async def create(self, ctx: RequestContext, input_: Given) -> Any:
        entity = ctx.sim.entities.create(self._kind, input_)
        payload = ctx.sim.whole_input(f"{self._type}CreateInput", input_)
        await ctx.sim.fire(ctx.caller, f"{self._type}.Create.Post", entity.num, payload)
        return entity

    async def update(self, ctx: RequestContext, input_: Given) -> Any:
        entity = ctx.sim.entities.entity(self._kind, input_["id"])
        ctx.sim.entities.update(self._kind, entity, input_)
        payload = ctx.sim.whole_input(f"{self._type}UpdateInput", input_)
        await ctx.sim.fire(ctx.caller, f"{self._type}.Update.Post", entity.num, payload, input_)
        return entity

    async def destroy(self, ctx: RequestContext, input_: Given) -> bool:
        entity = ctx.sim.entities.doomed(self._kind, input_["id"])
        ctx.sim.entities.destroy(self._kind, entity)
        await ctx.sim.fire(ctx.caller, f"{self._type}.Destroy.Post", entity.num, dict(input_))
        return True

    async def destroy_many(self, ctx: RequestContext, ids: Sequence[str]) -> bool:
        entities = [ctx.sim.entities.doomed(self._kind, text) for text in ids]
        for entity in entities:
            ctx.sim.entities.destroy(self._kind, entity)
        for entity in entities:
            await ctx.sim.fire(ctx.caller, f"{self._type}.Destroy.Post", entity.num, list(ids))
        return True


def performer_merge(ctx: RequestContext, input_: Given) -> Performer:
    """Fires nothing."""
    entities = ctx.sim.entities
    destination: Performer = entities.entity("performer", input_["destination"])
    sources = pick(ctx.library.performers, input_["source"], "performer")
    entities.merge_performers(sources, destination, input_.get("values") or {})
    return destination


async def tags_merge(ctx: RequestContext, input_: Given) -> Tag | None:
    if not input_["source"]:
        return None
    destination: Tag = ctx.sim.entities.entity("tag", input_["destination"])
    sources: list[Tag] = [ctx.sim.entities.doomed("tag", num) for num in input_["source"]]
    ctx.sim.entities.merge_tags(sources, destination)
    payload = ctx.sim.whole_input("TagsMergeInput", input_)
    await ctx.sim.fire(ctx.caller, "Tag.Merge.Post", destination.num, payload)
    return destination


def entity_mutations() -> dict[str, Callable[..., Any]]:
    """The resolvers by name: `tag_create` resolves the field `tagCreate`, and so on."""
    found: dict[str, Callable[..., Any]] = {
        "performer_merge": performer_merge,
        "tags_merge": tags_merge,
    }
    for kind in STORED:
        known = _Kind(kind)
        found |= {f"{kind}_create": known.create, f"{kind}_update": known.update}
        found |= {f"{kind}_destroy": known.destroy, f"{kind}s_destroy": known.destroy_many}
    return found
