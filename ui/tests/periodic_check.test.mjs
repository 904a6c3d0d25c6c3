import assert from "node:assert/strict";
import test from "node:test";
import { answer, load } from "./load.mjs";

const DUE = { tick: true, next_due_at: 1, dead_letters: 0, held: 0, token_refused: false };
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

/** The page with a published state and a queue; what was asked for. */
function ticking(state, jobs = null, status = 200) {
  const asked = [];
  const fetch = (url, init) => {
    if (url.endsWith("assets/")) return Promise.resolve(answer('<a href="state.json">', status));
    asked.push(init.body ? JSON.parse(init.body) : url);
    if (url.endsWith("state.json")) return Promise.resolve(answer(state, status));
    if (init.body.includes("findScenes")) {
      const scenes = [{ updated_at: "2025-01-01T01:00:10+01:00" }];
      return Promise.resolve(answer({ data: { findScenes: { scenes } } }));
    }
    const isTask = init.body.includes("runPluginTask");
    return Promise.resolve(answer({ data: isTask ? { runPluginTask: "1" } : { jobQueue: jobs } }));
  };
  return { ...load({ fetch }), asked };
}

test("one tab in five minutes looks, and no hidden one", () => {
  const { isDue } = load().page.tick;
  assert.ok(isDue({ now: 1000, last: 0, hidden: false }));
  assert.ok(!isDue({ now: 1000, last: 800, hidden: false }));
  assert.ok(isDue({ now: 1000, last: 700, hidden: false }));
  assert.ok(isDue({ now: 1000, last: 2000, hidden: false }));
  assert.ok(!isDue({ now: 1000, last: 0, hidden: true }));
});

test("what is due is asked for when nobody works", async () => {
  const { asked } = ticking(DUE);
  await settled();
  assert.equal(asked[0], "/plugin/Stash2Plex/assets/state.json");
  assert.equal(asked[2].variables.args.mode, "sync_changes");
});

test("nothing is asked for while a task of ours is there", async () => {
  const job = { id: "1", status: "RUNNING", description: "Running plugin task: Process Queue" };
  const { asked } = ticking(DUE, [job]);
  await settled();
  assert.equal(asked.length, 2);
});

test("nothing is asked for that is not due, refused, or switched off", async () => {
  const far = Date.now() / 1000 + 1000;
  for (const change of [{ next_due_at: far }, { next_due_at: null }, { tick: false }, { token_refused: true }]) {
    const { asked } = ticking({ ...DUE, ...change });
    await settled();
    assert.equal(asked.length, 1);
  }
});

test("a change that no task has seen is asked for once", async () => {
  const midnight = Date.UTC(2025, 0, 1) / 1000;
  const { page, asked, window } = ticking({ ...DUE, next_due_at: null, seen_at: midnight });
  await settled();
  const modes = () => asked.map((each) => each.variables?.args?.mode).filter(Boolean);
  assert.deepEqual(modes(), ["sync_changes"]);
  window.localStorage.setItem("stash2plex.tick", "0");
  await page.tick.look();
  assert.deepEqual(modes(), ["sync_changes"]);
  const { asked: others } = ticking({ ...DUE, next_due_at: null, seen_at: midnight + 10 });
  await settled();
  assert.equal(others.length, 2);
});

test("a second look is too early", async () => {
  const { page, asked } = ticking({ ...DUE, tick: false });
  await settled();
  await page.tick.look();
  assert.equal(asked.length, 1);
});

test("an ended session ends the looking", async () => {
  const { page, asked, window } = ticking(DUE, null, 401);
  await settled();
  window.localStorage.setItem("stash2plex.tick", "0");
  await page.tick.look();
  assert.equal(asked.length, 0);
});

test("what needs somebody is said in order of weight", () => {
  const { tick } = load().page;
  /** @param {any} state */
  const notice = (state) => tick.notice(state).text;
  assert.equal(notice(null), "");
  assert.equal(notice(DUE), "");
  assert.equal(notice({ ...DUE, edits_waiting: 2 }), ""); // a tab asks for them
  assert.match(notice({ ...DUE, edits_waiting: 2, tick: false }), /2 changes in Stash not brought/);
  assert.match(notice({ ...DUE, edits_waiting: 1, next_due_at: null }), /1 change in Stash not brought/);
  assert.match(notice({ ...DUE, dead_letters: 2 }), /2 scenes given up on/);
  assert.match(notice({ ...DUE, held: 1, dead_letters: 2 }), /1 scene held back/);
  assert.match(notice({ ...DUE, token_refused: true, held: 1 }), /refuses the token/);
  const paused = { ...DUE, paused_since_at: Date.now() / 1000 - 7200, waiting: 3 };
  assert.match(notice(paused), /not answered for 2 hours; 3 scenes wait\./);
  assert.match(notice({ ...paused, waiting: 1 }), /; 1 scene waits\./);
});
