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
          h("span", { className: "text-muted" }, done && said ? said : done ? "Done." : said)
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
    const keep = () =>
      save(Object.assign({ plex_url: url }, token ? { plex_token: token } : {})).then(
        (/** @type {any} */ answer) => answer && setToken("")
      );
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

  /** @param {{settings: any, plan: any, overview: any, reload: () => void}} props */
  function Steps({ settings, plan, overview, reload }) {
    const rows = settings.groups.flatMap((/** @type {any} */ group) => group.settings);
    /** @param {string} key */
    const row = (key) => rows.find((/** @type {any} */ each) => each.key === key) || {};
    const known = { url: String(row("plex_url").value || ""), hasToken: Boolean(row("plex_token").is_set) };
    const [url, setUrl] = React.useState(known.url);
    const [token, setToken] = React.useState("");
    const state = parts.useConnection(url, token, known.hasToken);
    const { answer } = state;
    const [passed, setPassed] = React.useState(/** @type {Record<string, boolean>} */ ({}));
    const [opened, setOpened] = React.useState(/** @type {number | null} */ (null));
    const action = hooks.useAction(reload);
    const busy = Boolean(action.busy);
    const pass = (/** @type {string} */ name) => setPassed(Object.assign({}, passed, { [name]: true }));
    /** @param {Record<string, unknown>} values @param {string} [name] */
    const save = (values, name) =>
      action.run("save", async () => {
        const kept = await server.operation("save_settings", { values });
        if (kept.problems && kept.problems.length > 0) {
          throw new Error(kept.problems.map((/** @type {any} */ each) => each.text).join(" "));
        }
        server.forgetConfiguration();
        if (name) pass(name);
        setOpened(null);
        return kept;
      });
    const libraries = listOf(row("plex_library").value);
    const saved = url === known.url && token === "" && known.hasToken;
    const connected = Boolean(saved && answer && answer.ok);
    const tiles = (overview && overview.tiles) || {};
    const first = Boolean(overview && !overview.needs_setup);
    const done = [
      connected,
      connected && (libraries.length > 0 || Boolean(passed.libraries)),
      Boolean(passed.folders) || Boolean(row("path_map").value) || Boolean(plan && plan.run_id),
      Boolean(plan && plan.run_id),
      first,
    ];
    const now = done.indexOf(false);
    const said = [
      answer && answer.text ? answer.text : "Where Plex is, and who may write there.",
      libraries.length > 0 ? libraries.join(", ") : "Which libraries of Plex to sync.",
      row("path_map").value
        ? `With the path map ${row("path_map").value}.`
        : done[2]
          ? "They see the same files."
          : "Do Stash and Plex see the same files?",
      plan && plan.run_id ? plan.text : "See what would change. Nothing is written.",
      first ? "The first sync is done." : "Compare all, then write to Plex.",
    ];
    const titles = ["Connect", "Choose libraries", "Check folders", "Preview", "Go"];
    const bodies = [
      h(Connect, { known, typed: { url, setUrl, token, setToken, state }, save, busy, reload }),
      connected
        ? h(Libraries, {
            libraries: answer.libraries || [],
            chosen: libraries,
            busy,
            save: (/** @type {any} */ values) => save(values, "libraries"),
          })
        : h("p", { className: "mb-0" }, "First connect to Plex."),
      h(
        "div",
        null,
        h(parts.Folders, {
          onMap: (/** @type {string} */ map) => save({ path_map: map }, "folders"),
        }),
        h(
          "p",
          { className: "mb-0 mt-3" },
          h(Button, { onClick: () => pass("folders") }, "The folders are right")
        )
      ),
      h(
        "div",
        { className: "s2p-buttons" },
        h(
          Button,
          {
            size: "big",
            disabled: busy,
            onClick: () => action.run("preview", () => work.start("reconcile_preview")),
          },
          plan && plan.run_id ? "Preview again" : "Preview"
        ),
        plan && plan.run_id
          ? h(ViewLink, { view: "plan", className: "btn btn-secondary" }, "See the plan")
          : null
      ),
      h(
        "div",
        { className: "s2p-buttons" },
        h(
          Button,
          {
            size: "big",
            disabled: busy || !done[0],
            onClick: () => action.run("go", () => work.start("sync_everything")),
          },
          "Sync everything"
        ),
        tiles.gaps ? h("span", null, `${text.plural(tiles.gaps, "gap")} are known.`) : null,
        first ? h(ViewLink, { view: "overview", className: "btn btn-secondary" }, "Overview") : null
      ),
    ];
    return h(
      "ol",
      { className: "list-unstyled s2p-steps" },
      titles.map((title, place) =>
        h(
          Step,
          {
            key: title,
            n: place + 1,
            title,
            done: done[place],
            now: place === now,
            said: said[place],
            open: place === (opened === null ? now : opened),
            onOpen: () => setOpened(opened === place ? null : place),
          },
          bodies[place]
        )
      )
    );
  }

  /** @param {{overview: import("../types").Read<any>}} props */
  function Start({ overview }) {
    const settings = hooks.useRead("page_settings");
    const plan = hooks.useRead("page_plan", { per_page: 1 });
    const reload = React.useCallback(() => {
      settings.reload();
      plan.reload();
      overview.reload();
    }, [settings.reload, plan.reload, overview.reload]);
    work.useReloadAfterWork(reload);
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
