"""Overview, plan, runs, held, dead letters, pins, log: what is started from there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Site
from tests.ui.shapes import NOW, overview

RUNS = "Running plugin task: Stash2Plex:"
pytestmark = pytest.mark.processes


def test_tasks_are_started_and_their_progress_shown(site: Site) -> None:
    page = site.open("overview")
    job = {"id": "1", "status": "RUNNING", "description": f"{RUNS} Sync Everything"}
    site.stub.jobs = [{**job, "progress": 0.4, "startTime": None}]
    page.get_by_role("button", name="Sync Everything").click()
    running = page.get_by_label("What runs now")
    expect(running).to_contain_text("40 %")
    assert site.stub.tasks == [{"mode": "sync_everything"}]
    assert site.serious_problems() == []
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: stop_run.")
    before = len(site.stub.reads)
    failure = {"mode": "sync_everything", "at": NOW, "text": "the Plex token was refused"}
    site.stub.answers["page_overview"] = lambda args: {**overview(args), "failure": failure}
    site.stub.jobs = []
    expect(running).to_have_count(0)
    site.settle()
    assert "page_overview" in site.stub.reads[before:]
    notice = page.locator(".s2p-notice")
    expect(notice).to_contain_text("Sync Everything failed: The Plex token was refused.")
    assert site.serious_problems() == []
    notice.get_by_role("button", name="Close").click()
    expect(notice).to_have_count(0)


def test_a_reconcile_is_chosen_by_what_it_looks_at(site: Site) -> None:
    page = site.open("overview")
    for label in ("The last 24 hours", "All scenes, reading everything again"):
        page.get_by_role("button", name="Reconcile", exact=True).click()
        assert site.serious_problems() == []
        page.get_by_role("button", name=label).click()
        expect(page.locator(".toast-container")).to_contain_text("has been asked for")
    assert site.stub.tasks == [
        {"mode": "reconcile_recent"},
        {"mode": "reconcile_all", "full": True},
    ]


def test_a_task_that_waits_in_the_queue_says_so(site: Site) -> None:
    job = {"id": "9", "status": "READY", "description": "Running plugin task: Process Queue"}
    site.stub.jobs = [{**job, "progress": None, "startTime": None}]
    page = site.open("gaps")
    expect(page.get_by_label("What runs now")).to_contain_text("waits in Stash's queue")
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()


def test_a_task_that_waits_for_plex_shows_no_share_of_what_it_has_done(site: Site) -> None:
    away = {"services": [{"name": "Plex", "ok": False, "since_at": NOW, "text": "It is away."}]}
    site.stub.answers["page_overview"] = lambda args: {**overview(args), **away}
    job = {"id": "9", "status": "RUNNING", "description": "Running plugin task: Sync Changes"}
    site.stub.jobs = [{**job, "progress": 1.0, "startTime": None}]
    running = site.open("gaps").get_by_label("What runs now")
    expect(running).to_contain_text("waits for Plex")
    expect(running.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "0")


def test_advice_has_its_action(site: Site) -> None:
    page = site.open("overview")
    page.get_by_role("button", name="Try them again").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: retry_dlq.")
    expect(page.locator(".s2p-headline")).to_contain_text("Something newer than this page.")
    page.get_by_role("link", name="See what is held").click()
    expect(page.locator(".s2p-lead")).to_contain_text("12 scenes would lose 48 values")


def test_the_report_is_downloaded_or_written_by_a_task(site: Site) -> None:
    page = site.open("overview")
    report = page.get_by_role("button", name="Report", exact=True)
    with page.expect_download() as download:
        report.click()
    assert download.value.suggested_filename == "stash2plex-report.html"
    assert download.value.path().read_text("utf-8") == "<!doctype html>A report"
    site.stub.answers["page_report"] = lambda _: {
        "name": "r",
        "page": "",
        "folder": "/data/reports",
    }
    report.click()
    expect(page.locator(".toast-container")).to_contain_text("it is written to /data/reports.")
    assert site.stub.tasks == [{"mode": "report"}]


def test_the_health_check_answers_in_the_log(site: Site) -> None:
    page = site.open("overview")
    page.get_by_role("button", name="Health Check").click()
    expect(page.locator(".s2p-log")).to_be_visible()
    assert site.stub.tasks == [{"mode": "health_check"}]


def test_a_tile_leads_to_its_gaps(site: Site) -> None:
    page = site.open("overview")
    waiting = page.locator(".s2p-tile", has_text="Waiting")
    expect(waiting).to_have_text("7Waiting2 changes not looked at yet")
    page.get_by_role("link", name="Differs in Plex").click()
    expect(page.locator(".s2p-total")).to_have_text("24 gaps")


def test_a_plan_is_applied_whole_or_in_part(site: Site) -> None:
    page = site.open("plan")
    expect(page.get_by_text("Plex was written to since.")).to_be_visible()
    expect(page.locator(".s2p-row", has_text="in a later run")).to_have_count(1)
    page.get_by_role("button", name="Changes").first.click()
    expect(page.locator(".s2p-compare").first).to_contain_text("gets entries")
    page.get_by_label("Choose A Long Weekend, part 2", exact=True).check()
    page.get_by_role("button", name="Apply these").click()
    page.get_by_role("button", name="Write to Plex").click()
    expect(page.locator(".toast-container")).to_contain_text("Apply Preview has been asked for.")
    page.get_by_role("button", name="Apply all").click()
    expect(page.get_by_role("dialog")).to_contain_text("Write all changes of 60 scenes?")
    page.get_by_role("button", name="Write to Plex").click()
    expect(page.locator(".toast-row")).to_have_count(2)
    assert site.stub.tasks == [
        {"mode": "apply_preview", "run_id": "7", "scene_ids": ["2"]},
        {"mode": "apply_preview", "run_id": "7"},
    ]


def test_a_plan_is_filtered_by_kind_of_change(site: Site) -> None:
    page = site.open("plan")
    page.get_by_label("Kind of change").select_option("picture")
    expect(page.locator(".s2p-empty")).to_contain_text("No scene matches these filters.")


def test_a_run_shows_its_changes_and_is_undone(site: Site) -> None:
    page = site.open("runs", run="0")
    expect(page.locator(".s2p-run-scene").first).to_be_visible()
    expect(page.locator(".s2p-row-detail")).to_contain_text("taken back")
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("58 items in Plex get back")
    page.get_by_role("button", name="Undo it").click()
    expect(page.locator(".toast-container")).to_contain_text("Undo Last Run has been asked for.")
    assert site.stub.tasks == [{"mode": "undo_last_run", "run_id": "0"}]


def test_what_is_held_is_written_after_a_question(site: Site) -> None:
    page = site.open("held")
    page.get_by_label("Choose A Long Weekend, part 3", exact=True).check()
    page.get_by_role("button", name="Write these").click()
    page.get_by_role("button", name="Write to Plex").click()
    expect(page.locator(".toast-container")).to_contain_text("Confirm Stopped Run")
    assert site.stub.tasks == [{"mode": "confirm_stopped_run", "scene_ids": ["3"]}]


def test_dead_letters_are_tried_again_or_forgotten(site: Site) -> None:
    page = site.open("dead_letters")
    page.get_by_label("All reasons").select_option(label="Refused by Plex (2)")
    expect(page.locator(".s2p-row")).to_have_count(2)
    page.get_by_role("button", name="Try all 2 again").click()
    page.get_by_role("button", name="Try all again").click()
    expect(page.locator(".toast-container")).to_contain_text("Done: retry_dlq.")
    page.get_by_role("button", name="Try again: A Long Weekend, part 3").click()
    expect(page.locator(".toast-row")).to_have_count(2)
    page.get_by_label("Choose A Long Weekend, part 3", exact=True).check()
    page.get_by_role("button", name="Forget these").click()
    page.get_by_role("button", name="Forget", exact=True).click()
    expect(page.locator(".toast-container")).to_contain_text("Done: drop_dead_letters.")
    page.get_by_role("button", name="Forget all 2").click()
    page.get_by_role("button", name="Forget all", exact=True).click()
    expect(page.locator(".toast-row")).to_have_count(4)
    assert site.stub.calls == [
        ("retry_dlq", {"filter": {"error": "PlexRejected"}}),
        ("retry_dlq", {"scene_ids": ["3"]}),
        ("drop_dead_letters", {"scene_ids": ["3"]}),
        ("drop_dead_letters", {"filter": {"error": "PlexRejected"}}),
    ]
    page.get_by_role("button", name="Details: A Long Weekend, part 1").click()
    expect(page.locator(".s2p-row-detail .s2p-compare")).to_be_visible()
    assert site.serious_problems() == []


def test_a_pin_is_taken_back_and_the_frame_tells_what_is_so_now(site: Site) -> None:
    site.publish(held=12)
    page = site.open("pins")
    notice = page.locator(".s2p-notice")
    expect(notice).to_contain_text("12 scenes held back until you confirm.")
    settled = overview({})
    settled["tiles"] |= {"held": 0, "gaps": 7}
    settled["state"] = {"held": 0, "dead_letters": 0}
    site.stub.answers["page_overview"] = lambda _: settled
    page.get_by_role("button", name="Take the pin back").click()
    expect(page.locator(".toast-container")).to_contain_text("no longer pinned")
    assert site.stub.calls == [("unpin", {"scene_id": "2", "rating_key": "102"})]
    expect(notice).to_have_count(0)
    expect(page.get_by_role("link", name="Gaps")).to_contain_text("7")


def test_the_log_is_filtered_by_run_and_copied(site: Site) -> None:
    page = site.open("log")
    expect(page.locator(".s2p-total")).to_have_text("250 lines")
    expect(page.locator(".s2p-log h3")).to_have_count(2)  # one for each run of the page
    page.get_by_label("All runs").select_option("2")
    expect(page.locator(".s2p-total")).to_have_text("50 lines")
    page.get_by_role("button", name="Support bundle").click()
    expect(page.get_by_label("Support bundle").locator("visible=true").last).to_contain_text(
        "Stash2Plex 1.2.0"
    )
    assert site.serious_problems(".modal") == []
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("copied")


def test_what_needs_somebody_is_marked_at_the_entry(site: Site) -> None:
    site.publish(held=3)
    page = site.open("gaps")
    expect(page.get_by_role("button", name="Stash2Plex: 3 scenes held back")).to_be_visible()
    expect(page.locator(".s2p-notice")).to_contain_text("3 scenes held back until you confirm.")


def test_a_due_sync_is_asked_for_once(site: Site) -> None:
    site.publish(next_due_at=NOW - 5)
    with site.page.expect_request(lambda each: "runPluginTask" in (each.post_data or "")):
        site.page.goto(f"{site.url}/")
    site.page.reload()
    expect(site.page.get_by_role("button", name="Stash2Plex")).to_be_visible()
    site.page.wait_for_timeout(200)  # for a second request, which must not come
    assert site.stub.tasks == [{"mode": "sync_changes"}]
