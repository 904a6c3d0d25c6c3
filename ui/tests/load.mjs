// The page's files in a context of their own, in the order of Stash2Plex.yml, with a PluginApi that
// notes what is registered.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const ROOT = new URL("../../", import.meta.url);
const read = (name) => readFileSync(new URL(name, ROOT), "utf8");

/** The files that Stash loads. */
export const files = [...read("Stash2Plex.yml").matchAll(/^ {4}- (ui\/\S+\.js)$/gm)].map((m) => m[1]);

/**
 * @param {object} options
 * @param {string} [options.base] href of the page's base element
 * @param {(url: string, init: object) => Promise<any>} [options.fetch]
 * @param {string[]} [options.lacks] patches that this version of Stash does not know
 * @param {boolean} [options.api] false: a Stash without PluginApi
 */
export function load({ base = "/", fetch, lacks = [], api = true } = {}) {
  const seen = { routes: [], patches: {}, timers: [], logged: [] };
  const window = {
    listeners: {},
    addEventListener(name, listener) {
      this.listeners[name] = listener;
    },
    setInterval: (action, pause) => seen.timers.push({ action, pause }),
    setTimeout,
    clearTimeout,
    location: { search: "" },
    localStorage: storage(),
  };
  const document = {
    hidden: false,
    querySelector: () => ({ getAttribute: () => base }),
    addEventListener() {},
  };
  const context = vm.createContext({
    window,
    document,
    fetch: fetch || (() => Promise.reject(new Error("no network"))),
    console: { debug: (...all) => seen.logged.push(all) },
    URLSearchParams,
    self: window,
  });
  vm.runInContext(read("simulators/host/vendor/react.production.min.js"), context);
  const { React } = window;
  const patcher = (kind) => (name, patch) => {
    if (lacks.includes(name)) throw new Error(`there is no ${name}`);
    seen.patches[name] = { kind, patch };
  };
  const part = (name) => Object.assign(() => null, { displayName: name });
  if (api) {
    window.PluginApi = {
      React,
      libraries: {
        ReactRouterDOM: { Link: part("Link"), NavLink: part("NavLink"), useLocation() {}, useHistory() {} },
        Bootstrap: {
          Button: part("Button"),
          Modal: part("Modal"),
          Nav: { Item: part("Nav.Item"), Link: part("Nav.Link") },
          Tab: { Pane: part("Tab.Pane") },
        },
      },
      register: { route: (path, component) => seen.routes.push({ path, component }) },
      patch: { before: patcher("before"), instead: patcher("instead"), after: patcher("after") },
    };
  }
  for (const name of files) vm.runInContext(read(name), context, { filename: name });
  return { page: window.stash2plex, seen, window, document, context };
}

function storage() {
  const rows = new Map();
  return {
    getItem: (key) => (rows.has(key) ? rows.get(key) : null),
    setItem: (key, value) => rows.set(key, String(value)),
  };
}

/** An answer of fetch. */
export const answer = (body, status = 200) => ({
  ok: status < 400,
  status,
  redirected: false,
  json: () => Promise.resolve(body),
  text: () => Promise.resolve(String(body)),
});

/** All elements of a tree of React, depth first. */
export function elements(tree) {
  if (Array.isArray(tree)) return tree.flatMap(elements);
  if (!tree || typeof tree !== "object") return [];
  return [tree, ...elements(tree.props && tree.props.children)];
}
