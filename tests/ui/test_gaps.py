"""Gaps: filters, pages, comparison, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Site
from tests.ui.shapes import GAPS, gaps, scene

pytestmark = pytest.mark.processes


def test_filters_live_in_the_address(site: Site) -> None:
    page = site.open("gaps")
    expect(page.locator(".s2p-total")).to_have_text("120 gaps")
    page.get_by_label("All types").select_option("drift")
    expect(page.locator(".s2p-total")).to_have_text("24 gaps")
    page.get_by_label("Title or path").fill("part 10")
    expect(page.locator(".s2p-total")).to_have_text("2 gaps")
    assert "type=drift" in page.url
    assert "text=part+10" in page.url
    page.reload(wait_until="domcontentloaded")
    expect(page.locator(".s2p-total")).to_have_text("2 gaps")
    expect(page.get_by_label("Title or path")).to_have_value("part 10")
    page.get_by_label("Title or path").fill("part 10 nowhere")
    expect(page.locator(".s2p-empty")).to_contain_text("No gap matches these filters.")
    page.get_by_role("button", name="Clear filters").first.click()
    expect(page.locator(".s2p-total")).to_have_text("120 gaps")
    assert "type=" not in page.url


def test_pages_and_order_come_from_the_plugin(site: Site) -> None:
    page = site.open("gaps", sort="-updated", page="9")
    expect(page.locator(".s2p-pager")).to_contain_text("Page 9 of 10")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".s2p-pager")).to_contain_text("Page 10 of 10")
    expect(page.locator(".s2p-row")).to_have_count(12)
    expect(page.locator(".s2p-row").last).to_contain_text("part 120 ")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_label("Order").select_option("studio")
    expect(page.locator(".s2p-pager")).to_contain_text("Page 1 of 10")


def test_a_scene_that_is_held_back_says_so(site: Site) -> None:
    page = site.open("gaps", text="part 110")
    expect(page.locator(".s2p-tags").first).to_contain_text("held back")
    page.get_by_role("button", name="Details").click()
    page.get_by_role("link", name="see what is held").click()
    expect(page.locator(".s2p-lead")).to_contain_text("12 scenes would lose")


def test_both_sides_are_compared_and_differences_marked(site: Site) -> None:
    page = site.open("gaps", type="drift", text="part 18")
    page.get_by_role("button", name="Compare").click()
    table = page.locator(".s2p-compare")
    expect(table.locator(".s2p-differs")).to_have_count(4)
    expect(table.get_by_role("img", name="Only in Plex")).to_be_visible()
    expect(table.locator("mark").first).to_be_visible()
    expect(page.locator(".s2p-scene")).to_contain_text("All other fields agree (2).")
    links = page.get_by_role("link", name="in Movies")
    assert "key=%2Flibrary%2Fmetadata%2F118" in str(links.get_attribute("href"))
    assert site.serious_problems() == []


def test_one_scene_is_synced_or_ignored(site: Site) -> None:
    page = site.open("gaps", text="part 13")
    page.get_by_role("button", name="Sync now: A Long Weekend, part 13").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: sync_scenes.")
    page.get_by_role("button", name="Ignore: A Long Weekend, part 13").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: ignore_scenes.")
    assert site.stub.calls == [
        ("sync_scenes", {"scene_ids": ["13"]}),
        ("ignore_scenes", {"scene_ids": ["13"]}),
    ]


def test_no_sync_is_offered_where_there_is_nothing_to_bring(site: Site) -> None:
    page = site.open("gaps", text="part 15")
    expect(page.get_by_role("button", name="Ignore:")).to_be_visible()
    expect(page.get_by_role("button", name="Sync now:")).to_have_count(0)
    expect(page.get_by_role("button", name="Sync all")).to_have_count(0)


def test_many_scenes_are_chosen_at_once(site: Site) -> None:
    page = site.open("gaps", type="missing")
    page.get_by_label("Choose A Long Weekend, part 10", exact=True).check()
    page.get_by_label("Choose A Long Weekend, part 100", exact=True).check()
    page.locator(".s2p-selection").get_by_role("button", name="Sync now").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: sync_scenes.")
    assert site.stub.calls == [("sync_scenes", {"scene_ids": ["10", "100"]})]
    expect(page.locator(".s2p-selection")).to_contain_text("Choose all on this page")
    page.get_by_label("Choose all on this page").check()
    expect(page.locator(".s2p-selection")).to_contain_text("12 chosen")


def test_all_that_match_are_synced_after_a_question(site: Site) -> None:
    page = site.open("gaps", type="drift")
    page.get_by_role("button", name="Sync all 24").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Sync all 24 gaps?")
    assert site.serious_problems(".modal") == []
    dialog.get_by_role("button", name="Cancel").click()
    assert site.stub.calls == []
    page.get_by_role("button", name="Sync all 24").click()
    dialog.get_by_role("button", name="Sync all").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: sync_scenes.")
    assert site.stub.calls == [("sync_scenes", {"filter": {"type": "drift"}})]


def test_ignored_scenes_are_taken_back(site: Site) -> None:
    def ignored(args: object) -> dict[str, object]:
        row = {**GAPS[4], "ignored": True, "type": "ignored"}
        return {**gaps({}), "rows": [row], "total": 1}

    site.stub.answers["page_gaps"] = ignored
    page = site.open("gaps", type="ignored")
    page.get_by_role("button", name="Stop ignoring").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: unignore_scenes.")


def test_the_right_one_of_several_candidates_is_pinned(site: Site) -> None:
    page = site.open("gaps", scene="14", text="part 14")
    expect(page.locator(".s2p-candidates")).to_contain_text("/media/Clips/weekend.mp4")
    page.get_by_role("button", name="This one: A Long Weekend (Clips)").click()
    expect(page.locator(".toast-container")).to_contain_text("pinned to 'A Long Weekend (Clips)'")
    assert site.stub.calls == [("pin", {"scene_id": "14", "rating_key": "902", "section": "1"})]


def test_an_action_that_fails_says_why(site: Site) -> None:
    site.stub.fails("sync_scenes", "The queue is full: process it first.")
    page = site.open("gaps", text="part 13")
    page.get_by_role("button", name="Sync now: A Long").click()
    expect(page.locator(".toast-container")).to_contain_text("The queue is full")
    expect(page.get_by_role("button", name="Sync now: A Long")).to_be_enabled()


def test_a_scene_without_candidates_is_pinned_by_number(site: Site) -> None:
    def missing(args: Mapping[str, Any]) -> dict[str, Any]:
        return {**scene(args), "actions": ["pin"], "candidates": []}

    site.stub.answers["page_scene"] = missing
    page = site.open("gaps", text="part 15", scene="15")
    page.get_by_label("It is the item with the number").fill("77x")
    page.get_by_role("button", name="Pin it").click()
    expect(page.locator(".toast-container")).to_contain_text("pinned to 'item 77'")
    assert site.stub.calls == [("pin", {"scene_id": "15", "rating_key": "77"})]
