"""The mutations of performers, studios, tags and groups, with their hooks.

Create, update and destroy give the mutation's input; a plural destroy gives the array of ids to
each; a tag merge fires Tag.Merge.Post for the destination and nothing for its sources, a merge of
performers nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.stash.library import pick
from simulators.stash.model import Group, Performer, Studio, Tag
from simulators.stash.state import RequestContext

Given = Mapping[str, Any]


class _Kind:
    """What the three kinds have in common."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._type = kind.capitalize()

    async def create(self, ctx: RequestContext, given: Given) -> Any:
        entity = ctx.sim.entities.create(self._kind, given)
        payload = ctx.sim.whole_input(f"{self._type}CreateInput", given)
        await ctx.sim.fire(ctx.caller, f"{self._type}.Create.Post", entity.num, payload)
        return entity

    async def update(self, ctx: RequestContext, given: Given) -> Any:
        entity = ctx.sim.entities.entity(self._kind, given["id"])
        ctx.sim.entities.update(self._kind, entity, given)
        payload = ctx.sim.whole_input(f"{self._type}UpdateInput", given)
        await ctx.sim.fire(ctx.caller, f"{self._type}.Update.Post", entity.num, payload, given)
        return entity

    async def destroy(self, ctx: RequestContext, given: Given) -> bool:
        entity = ctx.sim.entities.doomed(self._kind, given["id"])
        ctx.sim.entities.destroy(self._kind, entity)
        await ctx.sim.fire(ctx.caller, f"{self._type}.Destroy.Post", entity.num, dict(given))
        return True

    async def destroy_many(self, ctx: RequestContext, ids: Sequence[str]) -> bool:
        entities = [ctx.sim.entities.doomed(self._kind, text) for text in ids]
        for entity in entities:
            ctx.sim.entities.destroy(self._kind, entity)
        for entity in entities:
            await ctx.sim.fire(ctx.caller, f"{self._type}.Destroy.Post", entity.num, list(ids))
        return True


class EntityMutations:
    """Method `tag_create` resolves the field `tagCreate`, and so on."""

    def __init__(self) -> None:
        self._performers = _Kind("performer")
        self._studios = _Kind("studio")
        self._tags = _Kind("tag")
        self._groups = _Kind("group")

    async def performer_create(self, ctx: RequestContext, input_: Given) -> Performer:
        created: Performer = await self._performers.create(ctx, input_)
        return created

    async def performer_update(self, ctx: RequestContext, input_: Given) -> Performer:
        updated: Performer = await self._performers.update(ctx, input_)
        return updated

    async def performer_destroy(self, ctx: RequestContext, input_: Given) -> bool:
        return await self._performers.destroy(ctx, input_)

    async def performers_destroy(self, ctx: RequestContext, ids: Sequence[str]) -> bool:
        return await self._performers.destroy_many(ctx, ids)

    def performer_merge(self, ctx: RequestContext, input_: Given) -> Performer:
        """Fires nothing."""
        entities = ctx.sim.entities
        destination: Performer = entities.entity("performer", input_["destination"])
        sources = pick(ctx.library.performers, input_["source"], "performer")
        entities.merge_performers(sources, destination, input_.get("values") or {})
        return destination

    async def studio_create(self, ctx: RequestContext, input_: Given) -> Studio:
        created: Studio = await self._studios.create(ctx, input_)
        return created

    async def studio_update(self, ctx: RequestContext, input_: Given) -> Studio:
        updated: Studio = await self._studios.update(ctx, input_)
        return updated

    async def studio_destroy(self, ctx: RequestContext, input_: Given) -> bool:
        return await self._studios.destroy(ctx, input_)

    async def tag_create(self, ctx: RequestContext, input_: Given) -> Tag:
        created: Tag = await self._tags.create(ctx, input_)
        return created

    async def tag_update(self, ctx: RequestContext, input_: Given) -> Tag:
        updated: Tag = await self._tags.update(ctx, input_)
        return updated

    async def tag_destroy(self, ctx: RequestContext, input_: Given) -> bool:
        return await self._tags.destroy(ctx, input_)

    async def tags_destroy(self, ctx: RequestContext, ids: Sequence[str]) -> bool:
        return await self._tags.destroy_many(ctx, ids)

    async def group_create(self, ctx: RequestContext, input_: Given) -> Group:
        created: Group = await self._groups.create(ctx, input_)
        return created

    async def group_update(self, ctx: RequestContext, input_: Given) -> Group:
        updated: Group = await self._groups.update(ctx, input_)
        return updated

    async def tags_merge(self, ctx: RequestContext, input_: Given) -> Tag | None:
        if not input_["source"]:
            return None
        destination: Tag = ctx.sim.entities.entity("tag", input_["destination"])
        sources: list[Tag] = [ctx.sim.entities.doomed("tag", num) for num in input_["source"]]
        ctx.sim.entities.merge_tags(sources, destination)
        payload = ctx.sim.whole_input("TagsMergeInput", input_)
        await ctx.sim.fire(ctx.caller, "Tag.Merge.Post", destination.num, payload)
        return destination
