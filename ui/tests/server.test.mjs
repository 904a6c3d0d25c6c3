import assert from "node:assert/strict";
import test from "node:test";
import { answer, load } from "./load.mjs";

function asking(reply, base = "/") {
  const asked = [];
  const fetch = (url, init) => {
    if (init.body) asked.push({ url, body: JSON.parse(init.body) });
    return Promise.resolve(typeof reply === "function" ? reply(url) : reply);
  };
  return { ...load({ base, fetch }), asked };
}

test("an operation goes to Stash below the page's base", async () => {
  const reply = answer({ data: { runPluginOperation: { total: 0 } } });
  const { page, asked } = asking(reply, "/stash/");
  assert.deepEqual(await page.server.operation("page_gaps", { page: 2 }), { total: 0 });
  assert.equal(asked[0].url, "/stash/graphql");
  assert.deepEqual(asked[0].body.variables, {
    plugin: "Stash2Plex",
    args: { page: 2, mode: "page_gaps" },
  });
});

test("a task carries its arguments and a title that Stash shows", async () => {
  const { page, asked } = asking(answer({ data: { runPluginTask: 7 } }));
  assert.equal(await page.server.startTask("undo_last_run", { run_id: "3" }), "7");
  const { about, args } = asked[0].body.variables;
  assert.equal(about, "Stash2Plex: Undo Last Run");
  assert.deepEqual(args, { run_id: "3", mode: "undo_last_run" });
});

test("each failure is a sentence", async () => {
  const cases = [
    [answer({ errors: [{ message: "Plex is away." }], data: null }), /Plex is away\./],
    [answer({ data: { runPluginOperation: "text of a library" } }), /no usable answer/],
    [answer({ data: { runPluginOperation: null } }), /no usable answer/],
    [answer(null, 502), /status 502/],
    [answer({}, 401), /session in Stash has ended/],
  ];
  for (const [reply, expected] of cases) {
    const { page } = asking(reply);
    await assert.rejects(page.server.operation("page_gaps"), expected);
  }
  await assert.rejects(load().page.server.operation("page_gaps"), /Stash does not answer/);
});

test("our jobs are told from those of others", () => {
  const { taskOf } = load().page.server;
  assert.equal(taskOf({ description: "Running plugin task: Stash2Plex: Preview" }), "Preview");
  assert.equal(taskOf({ description: "Running plugin task: Sync Changes" }), "Sync Changes");
  assert.equal(taskOf({ description: "Running plugin task: Something Else" }), "");
  assert.equal(taskOf({ description: "Scanning..." }), "");
});

test("addresses of views leave out what is empty", () => {
  const { page } = load();
  assert.equal(page.address("gaps"), "/plugins/stash2plex?view=gaps");
  const filtered = page.address("gaps", { studio: "A & B", text: "", page: 2 });
  assert.equal(filtered, "/plugins/stash2plex?view=gaps&studio=A+%26+B&page=2");
});

test("an item's page in Plex is linked only with a web address", () => {
  const { page } = load();
  const plex = { machine_identifier: "ab", web_url: "https://app.plex.tv/desktop/" };
  assert.equal(
    page.plexAddress(plex, "12"),
    "https://app.plex.tv/desktop/#!/server/ab/details?key=%2Flibrary%2Fmetadata%2F12"
  );
  assert.equal(page.plexAddress({ ...plex, web_url: "javascript:alert(1)//" }, "12"), "");
  assert.equal(page.plexAddress(null, "12"), "");
});
