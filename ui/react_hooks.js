// @ts-check
// Hooks of React that the views share.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.server) return;
  const { React, server } = s2p;
  const { useCallback, useEffect, useMemo, useRef, useState } = React;
  const Router = s2p.api.libraries.ReactRouterDOM;

  /**
   * What a read operation of the plugin answers. While it is asked again the answer before stays.
   * @param {string} mode
   * @param {Record<string, unknown>} [args]
   * @param {{skip?: boolean}} [options] skip: do not ask (yet)
   * @returns {import("./types").Read<any>}
   */
  function useRead(mode, args, options) {
    const skip = Boolean(options && options.skip);
    const asked = JSON.stringify(args || {});
    const [state, setState] = useState({ data: null, error: "", loading: !skip });
    const [turn, setTurn] = useState(0);
    useEffect(() => {
      if (skip) return undefined;
      let current = true;
      setState((before) => Object.assign({}, before, { loading: true }));
      server.operation(mode, JSON.parse(asked)).then(
        (data) => current && setState({ data, error: "", loading: false }),
        (error) =>
          current && setState({ data: null, error: s2p.text.sentence(error), loading: false })
      );
      return () => {
        current = false;
      };
    }, [mode, asked, turn, skip]);
    const reload = useCallback(() => setTurn((n) => n + 1), []);
    return Object.assign({}, state, { reload });
  }

  /** The query of the page's address, and how to change it. */
  function useQuery() {
    const location = Router.useLocation();
    const history = Router.useHistory();
    const query = useMemo(() => new URLSearchParams(location.search), [location.search]);
    /** @param {Record<string, string | number | undefined>} changes "" takes one out */
    const change = (changes) => {
      const next = new URLSearchParams(window.location.search);
      Object.entries(changes).forEach(([name, value]) => {
        if (value === "" || value === undefined) next.delete(name);
        else next.set(name, String(value));
      });
      history.replace({ pathname: location.pathname, search: `?${next.toString()}` });
    };
    return { get: (/** @type {string} */ name) => query.get(name) || "", change };
  }

  /**
   * Filters of a view that live in the page's address; a change of one begins at the first page.
   * @param {string[]} names
   */
  function useFilters(names) {
    const query = useQuery();
    /** @type {Record<string, string>} */
    const values = {};
    names.forEach((name) => {
      values[name] = query.get(name);
    });
    const page = Math.max(1, Number(query.get("page")) || 1);
    /** @type {Record<string, unknown>} */
    const args = { page };
    names.forEach((name) => {
      if (values[name]) args[name] = values[name];
    });
    return {
      values,
      page,
      args,
      set: (/** @type {string} */ name, /** @type {string} */ value) =>
        query.change({ [name]: value, page: "" }),
      turn: (/** @type {number} */ to) => query.change({ page: to > 1 ? to : "" }),
      clear: () =>
        query.change(Object.fromEntries(names.concat("page").map((name) => [name, ""]))),
    };
  }

  /** Short messages at the edge of the screen, by Stash's own means. */
  function useMessages() {
    const hook = s2p.api.hooks && s2p.api.hooks.useToast;
    const toast = hook ? hook() : null;
    return {
      say: (/** @type {string} */ text) => toast && toast.success(text),
      fail: (/** @type {unknown} */ error) =>
        toast && toast.error(new Error(s2p.text.sentence(error))),
    };
  }

  /**
   * Runs actions one at a time and tells how they went.
   * @param {(() => void)} [done] called after each that went well
   * @param {boolean} [settings] they change settings alone, and none of the frame's figures
   * @returns {{busy: string, run: (name: string, action: () => Promise<any>) => Promise<any>}}
   */
  function useAction(done, settings) {
    const [busy, setBusy] = useState("");
    const messages = useMessages();
    const mounted = useRef(true);
    useEffect(() => () => void (mounted.current = false), []);
    const run = async (/** @type {string} */ name, /** @type {() => Promise<any>} */ action) => {
      setBusy(name);
      try {
        const answer = await action();
        if (answer && typeof answer.text === "string" && answer.text) messages.say(answer.text);
        if (done && mounted.current) done();
        if (!settings && !(answer && answer.id)) s2p.work.acted(); // a task tells by its end
        return answer;
      } catch (error) {
        messages.fail(error);
        return null;
      } finally {
        if (mounted.current) setBusy("");
        s2p.work.refresh();
      }
    };
    return { busy, run };
  }

  /**
   * Rows that are ticked, by key; those that are not shown any more are forgotten.
   * @param {string[]} shown
   */
  function useSelection(shown) {
    const [chosen, setChosen] = useState(/** @type {Set<string>} */ (new Set()));
    const visible = shown.filter((key) => chosen.has(key));
    return {
      keys: visible,
      has: (/** @type {string} */ key) => chosen.has(key),
      toggle: (/** @type {string} */ key) => {
        const next = new Set(visible);
        if (!next.delete(key)) next.add(key);
        setChosen(next);
      },
      all: shown.length > 0 && visible.length === shown.length,
      toggleAll: () => setChosen(new Set(visible.length === shown.length ? [] : shown)),
      clear: () => setChosen(new Set()),
    };
  }

  Object.assign(s2p, {
    hooks: { useRead, useQuery, useFilters, useMessages, useAction, useSelection },
  });
})();
