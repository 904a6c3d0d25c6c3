// @ts-check
// Start: from nothing to the first sync in five steps.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, server, text, work } = s2p;
  const { Button, Icon, Shown, ViewLink } = parts;

  /** @param {{n: number, title: string, done: boolean, now: boolean, said: string, children?: any,
   *   onOpen: () => void, open: boolean}} props */
  function Step({ n, title, done, now, said, children, onOpen, open }) {
    return h(
      "li",
      { className: `card s2p-step ${now ? "s2p-step-now" : ""}`, "aria-current": now ? "step" : undefined },
      h(
        "button",
        { type: "button", className: "s2p-step-head", "aria-expanded": open, onClick: onOpen },
        h(
          "span",
          { className: `s2p-step-number ${done ? "s2p-step-done" : ""}` },
          done ? h(Icon, { name: "good" }) : String(n)
        ),
        h(
          "span",
          null,
          h("strong", { className: "d-block" }, title),
          h("span", { className: "text-muted" }, said)
        )
      ),
      open ? h("div", { className: "s2p-step-body" }, children) : null
    );
  }

  /** @param {any} props */
  function Connect({ known, typed, save, busy, reload }) {
    const { url, setUrl, token, setToken, state } = typed;
    const ok = Boolean(state.answer && state.answer.ok);
    const fresh = url !== known.url || token !== "";
    const keep = () => save(Object.assign({ plex_url: url }, token ? { plex_token: token } : {}));
    return h(
      "form",
      {
        onSubmit: (/** @type {any} */ event) => {
          event.preventDefault();
          if (ok && !busy) keep();
        },
      },
      h("label", { htmlFor: "s2p-url" }, "Address of Plex, as Stash sees it"),
      h("input", {
        id: "s2p-url",
        className: "form-control text-input bg-secondary text-white",
        placeholder: "http://192.168.1.10:32400",
        value: url,
        autoComplete: "off",
        onChange: (/** @type {any} */ event) => setUrl(event.target.value.trim()),
      }),
      h("label", { htmlFor: "s2p-token", className: "mt-3" }, "Token of the account that owns it"),
      h("input", {
        id: "s2p-token",
        type: "password",
        className: "form-control text-input bg-secondary text-white",
        placeholder: known.hasToken ? "set; type to replace it" : "",
        value: token,
        autoComplete: "off",
        onChange: (/** @type {any} */ event) => setToken(event.target.value.trim()),
      }),
      h(parts.ConnectionResult, { state }),
      h(
        "div",
        { className: "s2p-tests" },
        h(parts.SignIn, { onUrl: setUrl, onDone: reload }),
        h(parts.Discover, { onUrl: setUrl })
      ),
      fresh || !known.hasToken
        ? h(Button, { type: "submit", size: "big", disabled: !ok || busy }, "Use this connection")
        : null
    );
  }

  /** @param {any} props */
  function Libraries({ libraries, chosen, save, busy }) {
    const all = libraries.map((/** @type {any} */ library) => library.title);
    const [ticked, setTicked] = React.useState(
      /** @type {string[]} */ (chosen.length > 0 ? chosen : all)
    );
    /** @param {string} title */
    const toggle = (title) =>
      setTicked(
        ticked.includes(title) ? ticked.filter((each) => each !== title) : ticked.concat(title)
      );
    const isTicked = (/** @type {any} */ library) =>
      ticked.includes(library.title) || ticked.includes(String(library.key));
    const titles = libraries.filter(isTicked).map((/** @type {any} */ library) => library.title);
    // A title with a comma is told from two by quotes.
    const written = titles.map((/** @type {string} */ each) => (each.includes(",") ? `"${each}"` : each));
    return h(
      "div",
      null,
      h(
        "ul",
        { className: "list-unstyled" },
        libraries.map((/** @type {any} */ library) =>
          h(
            "li",
            { key: library.key },
            h(
              "label",
              { className: "s2p-tick-all" },
              h("input", {
                type: "checkbox",
                checked: isTicked(library),
                onChange: () => toggle(library.title),
              }),
              library.title,
              h("span", { className: "text-muted" }, text.plural(library.items, "item"))
            )
          )
        )
      ),
      h(
        Button,
        {
          size: "big",
          disabled: busy || titles.length === 0,
          onClick: () => save({ plex_library: written.join(", ") }),
        },
        titles.length === all.length
          ? "Sync all of them"
          : `Sync ${text.plural(titles.length, "library", "libraries")}`
      )
    );
  }

  /** "a, b" or ["a", "b"] as a list; quotes keep a comma. @param {unknown} value */
  function listOf(value) {
    if (Array.isArray(value)) return value.map(String);
    const found = String(value || "").match(/"[^"]*"|[^,]+/g) || [];
    return found.map((each) => each.trim().replace(/^"|"$/g, "")).filter(Boolean);
  }

  const PASSED = "stash2plex.start"; // in this browser: what somebody has said of the steps

  /** The steps of which somebody has said in this browser that they are right, with this Plex.
   * @param {string} url
   * @returns {Record<string, boolean>}
   */
  function passedBefore(url) {
    try {
      const kept = JSON.parse(window.localStorage.getItem(PASSED) || "{}");
      return kept.url === url && kept.now ? kept.now : {};
    } catch (error) {
      return {}; // no storage, or not what was written
    }
  }

  /** What is set already, and how the steps set more.
   * @param {any} settings what `page_settings` has answered
   * @param {() => void} reload
   */
  function useSetup(settings, reload) {
    const rows = settings.groups.flatMap((/** @type {any} */ group) => group.settings);
    /** @param {string} key */
    const row = (key) => rows.find((/** @type {any} */ each) => each.key === key) || {};
    const known = {
      url: String(row("plex_url").value || ""),
      hasToken: Boolean(row("plex_token").is_set),
      libraries: listOf(row("plex_library").value),
      pathMap: String(row("path_map").value || ""),
    };
    const [url, setUrl] = React.useState(known.url);
    const [token, setToken] = React.useState("");
    const state = parts.useConnection(url, token, known.hasToken);
    const saved = url === known.url && token === "" && known.hasToken;
    const connected = Boolean(saved && state.answer && state.answer.ok);
    const [passed, setPassed] = React.useState(() => passedBefore(known.url));
    const action = hooks.useAction(reload, true);
    const sent = React.useRef("");
    // The plugin has the token that was sent.
    React.useEffect(() => {
      if (!sent.current || sent.current !== token || !known.hasToken) return;
      sent.current = "";
      state.adopt();
      setToken("");
    }, [settings]);
    const pass = (/** @type {string} */ name) => {
      const now = Object.assign({}, passed, { [name]: true });
      setPassed(now);
      s2p.attempt(() => window.localStorage.setItem(PASSED, JSON.stringify({ url: known.url, now })));
    };
    /** @param {Record<string, unknown>} values @param {string} [name] the step that this is of */
    const save = (values, name) =>
      action.run("save", async () => {
        const kept = await server.operation("save_settings", { values });
        if (kept.problems && kept.problems.length > 0) {
          throw new Error(kept.problems.map((/** @type {any} */ each) => each.text).join(" "));
        }
        server.forgetConfiguration();
        sent.current = String(values.plex_token || "");
        if (name) pass(name);
        return kept;
      });
    const typed = { url, setUrl, token, setToken, state };
    const { answer } = state;
    return { known, typed, answer, connected, passed, pass, save, action, busy: Boolean(action.busy) };
  }

  /** Which steps are done, and what is said of each. @param {any} setup @param {any} plan
   * @param {boolean} synced whether there has been a first sync
   * @returns {[string, boolean, string][]}
   */
  function progress(setup, plan, synced) {
    const { known, connected, passed, answer } = setup;
    const { libraries, pathMap } = known;
    const planned = Boolean(plan && plan.run_id);
    const folders = Boolean(passed.folders || pathMap || planned || synced);
    const seen = folders ? "They see the same files." : "Do Stash and Plex see the same files?";
    return [
      ["Connect", connected, connected ? answer.text : "Where Plex is, and who may write there."],
      [
        "Choose libraries",
        connected && (libraries.length > 0 || synced || Boolean(passed.libraries)),
        libraries.length > 0
          ? libraries.join(", ")
          : synced
            ? "All libraries of movies and shows."
            : "Which libraries of Plex to sync.",
      ],
      ["Check folders", folders, pathMap ? `With the path map ${pathMap}.` : seen],
      ["Preview", planned || synced, planned ? plan.text : "See what would change. Nothing is written."],
      ["Go", synced, synced ? "The first sync is done." : "Compare all, then write to Plex."],
    ];
  }

  /** @param {{setup: any}} props */
  const CheckFolders = ({ setup }) =>
    h(
      "div",
      null,
      h(parts.Folders, {
        onMap: (/** @type {string} */ map) => setup.save({ path_map: map }, "folders"),
        onGood: () => setup.pass("folders"),
      }),
      h(
        "p",
        { className: "mb-0 mt-3" },
        h(Button, { onClick: () => setup.pass("folders") }, "The folders are right")
      )
    );

  /** A task, and where its outcome is. @param {any} props */
  function TaskStep({ label, mode, setup, disabled, view, link }) {
    const run = () => setup.action.run(mode, () => work.start(mode));
    return h(
      "div",
      { className: "s2p-buttons" },
      h(Button, { size: "big", disabled: disabled || setup.busy, onClick: run }, label),
      view ? h(ViewLink, { view, className: "btn btn-secondary" }, link) : null
    );
  }

  /** What there is to do in a step. @param {any} props */
  function Body({ place, setup, plan, synced, reload }) {
    const { known, typed, save, busy, connected, answer } = setup;
    const planned = Boolean(plan && plan.run_id);
    if (place === 0) return h(Connect, { known, typed, save, busy, reload });
    if (place === 1) {
      if (!connected) return h("p", { className: "mb-0" }, "First connect to Plex.");
      return h(Libraries, {
        libraries: answer.libraries || [],
        chosen: known.libraries,
        busy,
        save: (/** @type {any} */ values) => save(values, "libraries"),
      });
    }
    if (place === 2) return h(CheckFolders, { setup });
    if (place === 3) {
      const label = planned ? "Preview again" : "Preview";
      const view = planned ? "plan" : "";
      return h(TaskStep, { label, mode: "reconcile_preview", setup, view, link: "See the plan" });
    }
    return h(TaskStep, {
      label: "Sync everything",
      mode: "sync_everything",
      setup,
      disabled: !connected,
      view: synced ? "overview" : planned ? "plan" : "",
      link: synced ? "Overview" : "See the plan",
    });
  }

  /** @param {{settings: any, plan: any, overview: any, reload: () => void}} props */
  function Steps({ settings, plan, overview, reload }) {
    const setup = useSetup(settings, reload);
    const [opened, setOpened] = React.useState(/** @type {number | null} */ (null));
    const synced = Boolean(overview && overview.last_reconcile);
    const steps = progress(setup, plan, synced);
    const now = steps.findIndex(([, done]) => !done);
    React.useEffect(() => setOpened(null), [now]);
    const list = h(
      "ol",
      { className: "list-unstyled s2p-steps" },
      steps.map(([title, done, said], place) =>
        h(
          Step,
          {
            key: title,
            n: place + 1,
            title,
            done,
            now: place === now,
            said,
            open: place === (opened === null ? now : opened),
            onOpen: () => setOpened(opened === place ? null : place),
          },
          h(Body, { place, setup, plan, synced, reload })
        )
      )
    );
    if (now >= 0) return list;
    const link = h(ViewLink, { view: "overview", className: "btn btn-primary" }, "To the overview");
    const said = h("span", null, "All is set up. What you edit in Stash is in Plex seconds later.");
    return h("div", null, h("p", { className: "s2p-advice mb-3" }, said, link), list);
  }

  /** @param {{overview: import("../types").Read<any>}} props */
  function Start({ overview }) {
    const settings = hooks.useRead("page_settings");
    const plan = hooks.useRead("page_plan", { per_page: 1 });
    // The frame reads the overview anew; settings change by what is done here alone.
    work.useReloadAfterWork(plan.reload);
    const { reload } = settings;
    return h(
      "div",
      null,
      h("h2", { className: "h4" }, "Five steps to the first sync"),
      h(Shown, { read: settings }, (/** @type {any} */ data) =>
        h(Steps, { settings: data, plan: plan.data, overview: overview.data, reload })
      )
    );
  }

  s2p.views.start = Start;
})();
