import assert from "node:assert/strict";
import test from "node:test";
import { elements, files, load } from "./load.mjs";

test("every file of the page is listed", () => {
  assert.ok(files.includes("ui/namespace.js"));
  assert.equal(files[0], "ui/namespace.js");
  assert.equal(files[files.length - 1], "ui/stash_entries.js");
});

test("the page has its route and its entries", () => {
  const { seen } = load();
  assert.equal(seen.routes[0].path, "/plugins/stash2plex");
  assert.deepEqual(Object.keys(seen.patches).sort(), [
    "MainNavBar.UtilityItems",
    "PluginSettings",
    "ScenePage.TabContent",
    "ScenePage.Tabs",
    "SettingsToolsSection",
  ]);
});

test("what a version of Stash lacks leaves the rest", () => {
  const lacks = ["ScenePage.Tabs", "ScenePage.TabContent", "PluginSettings"];
  const { seen, page } = load({ lacks });
  assert.equal(seen.routes.length, 1);
  assert.ok(seen.patches["SettingsToolsSection"]);
  assert.equal(seen.logged.length, 3);
  assert.equal(seen.timers.length, 1, "it ticks all the same");
  assert.ok(page.views.overview);
});

test("a Stash without PluginApi is left alone", () => {
  assert.equal(load({ api: false }).page, undefined);
});

test("the settings of other plugins stay as they are", () => {
  const { patch } = load().seen.patches["PluginSettings"];
  const next = (...args) => ["stock", ...args];
  assert.deepEqual(patch({ pluginID: "Other" }, "context", next), [
    "stock",
    { pluginID: "Other" },
    "context",
  ]);
  assert.notEqual(patch({ pluginID: "Stash2Plex" }, "context", next)[0], "stock");
});

test("the entry of Tools stands once, in the first of two sections", () => {
  const { patch } = load().seen.patches["SettingsToolsSection"];
  const several = { children: ["a", "b"] };
  const [first] = patch(several);
  assert.equal(elements(first.children).length > 1, true);
  const second = { children: "one" };
  assert.equal(patch(second)[0], second);
});

test("a scene's tab asks only when it is looked at", () => {
  const { patch } = load().seen.patches["ScenePage.TabContent"];
  const [props] = patch({ children: "stock", scene: { id: "5" } });
  const pane = elements(props.children).find((each) => each.props.eventKey);
  assert.equal(pane.props.mountOnEnter, true);
  const state = elements(props.children).find((each) => each.props.sceneId);
  assert.equal(state.props.sceneId, "5");
});

test("views are known by the names of their addresses", () => {
  const { page } = load();
  const names = page.parts.VIEWS.map(([name]) => name).concat("start");
  assert.equal(Object.keys(page.views).sort().join(), [...names].sort().join());
});
