// @ts-check
// Overview: is it right, what is wrong, what happens now, what to do next.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, hooks, parts, server, text } = s2p;
  const { Ago, Button, Icon, Shown, ViewLink } = parts;

  const VIEWS = /** @type {Record<string, string>} */ ({
    start: "Set it up",
    ambiguous: "See them",
    orphans: "See them",
    plan: "See the plan",
    runs: "See the runs",
    held: "See what is held",
    dead_letters: "See them",
    pins: "See the pins",
    settings: "Open the settings",
    log: "Open the log",
  });

  /** @param {string} name */
  const placeOf = (name) =>
    name === "ambiguous" ? { view: "gaps", filters: { type: name } } : { view: name };

  const OPERATIONS = /** @type {Record<string, string>} */ ({
    retry_dlq: "Try them again",
    write_defaults: "Write the defaults",
  });

  const TASKS = [
    "sync_everything",
    "reconcile_all",
    "reconcile_preview",
    "apply_preview",
    "process_queue",
    "sync_changes",
    "undo_last_run",
    "confirm_stopped_run",
    "release",
    "health_check",
    "report",
  ];

  /** The report as a file of this browser; one that is too large for that is written by a task. */
  async function downloadReport() {
    const { name, page, folder } = await server.operation("page_report");
    if (page) {
      const url = window.URL.createObjectURL(new window.Blob([page], { type: "text/html" }));
      Object.assign(document.createElement("a"), { href: url, download: name }).click();
      window.setTimeout(() => window.URL.revokeObjectURL(url), 60000);
      return { text: `The report is downloaded as ${name}.` };
    }
    await s2p.work.start("report");
    return { text: `The report is too large for the browser; it is written to ${folder}.` };
  }

  /** A button or link for an action of the plugin; nothing for one that this page does not know.
   * @param {{name: string | null, action: any, kind?: string}} props
   */
  function Act({ name, action, kind }) {
    const history = s2p.api.libraries.ReactRouterDOM.useHistory();
    if (!name) return null;
    if (VIEWS[name]) {
      return h(
        ViewLink,
        { ...placeOf(name), className: `btn btn-sm btn-${kind || "secondary"}` },
        VIEWS[name]
      );
    }
    const operation = OPERATIONS[name];
    const label = operation || (TASKS.includes(name) ? server.title(name) : "");
    if (!label) return null;
    // A task tells at its end that there is something new to read.
    const begin = () => (name === "report" ? downloadReport() : s2p.work.start(name));
    const run = async () => {
      const act = () => (operation ? server.operation(name) : begin());
      const asked = await action.run(name, act);
      if (asked && name === "health_check") history.push(s2p.address("log")); // it answers there
    };
    return h(
      Button,
      {
        kind: kind || "secondary",
        onClick: run,
        busy: action.busy === name,
        disabled: Boolean(action.busy),
      },
      label
    );
  }

  /** @param {{label: string, value: any, note?: any, view?: string, filters?: any, tone?: string}} props */
  function Tile({ label, value, note, view, filters, tone }) {
    const inside = [
      h("span", { key: "value", className: `s2p-tile-value ${tone ? `text-${tone}` : ""}` }, value),
      h("span", { key: "label", className: "s2p-tile-label" }, label),
      note ? h("small", { key: "note", className: "text-muted" }, note) : null,
    ];
    if (!view) return h("div", { className: "card s2p-tile" }, inside);
    return h(ViewLink, { view, filters, className: "card s2p-tile s2p-tile-link" }, inside);
  }

  /** @param {{tiles: any, compared: boolean}} props compared: it is known what Stash has */
  function Tiles({ tiles, compared }) {
    const waiting = tiles.edits_waiting
      ? `${text.plural(tiles.edits_waiting, "change")} not looked at yet`
      : null;
    return h(
      "div",
      { className: "s2p-tiles" },
      h(Tile, {
        label: "Scenes",
        value: compared ? text.count(tiles.scenes) : "–",
        note: tiles.left_alone ? `${text.count(tiles.left_alone)} left alone` : null,
      }),
      h(Tile, {
        label: "In step with Plex",
        value: tiles.in_step_percent === null ? "–" : `${tiles.in_step_percent} %`,
        note: tiles.in_step_percent === null ? "nothing compared yet" : null,
      }),
      h(Tile, {
        label: "Gaps",
        value: text.count(tiles.gaps),
        view: "gaps",
        tone: tiles.gaps ? "warning" : "",
      }),
      h(Tile, {
        label: "Waiting",
        value: text.count(tiles.waiting + tiles.edits_waiting),
        note: waiting,
      }),
      h(Tile, {
        label: "Dead letters",
        value: text.count(tiles.dead_letters),
        view: "dead_letters",
        tone: tiles.dead_letters ? "danger" : "",
        note: "given up on",
      }),
      h(Tile, {
        label: "Held back",
        value: text.count(tiles.held),
        view: "held",
        tone: tiles.held ? "warning" : "",
        note: "until you confirm",
      })
    );
  }

  /** @param {{tiles: any, titles: Record<string, string>}} props */
  function GapTypes({ tiles, titles }) {
    const types = Object.entries(tiles.gaps_by_type || {}).filter(([, n]) => n > 0);
    if (types.length === 0) return null;
    const most = Math.max(...types.map(([, n]) => n));
    return h(
      "section",
      { className: "card s2p-panel" },
      h("h3", { className: "h6" }, "Gaps by type"),
      h(
        "ul",
        { className: "list-unstyled s2p-types" },
        types.map(([type, n]) =>
          h(
            "li",
            { key: type },
            h(ViewLink, { view: "gaps", filters: { type } }, titles[type] || type),
            h(
              "span",
              { className: "s2p-share", "aria-hidden": true },
              h("span", { style: { width: `${Math.max(1, (100 * n) / most)}%` } })
            ),
            h("span", { className: "s2p-number" }, text.count(n))
          )
        )
      )
    );
  }

  /** @param {{data: any}} props */
  function Times({ data }) {
    const last = data.last_reconcile;
    return h(
      "section",
      { className: "card s2p-panel" },
      h("h3", { className: "h6" }, "Reconcile and services"),
      h(
        "dl",
        { className: "s2p-facts" },
        h("dt", null, "Last reconcile"),
        h("dd", null, h(Ago, { at: last && last.at }), last ? `: ${text.asSentence(last.text)}` : null),
        h("dt", null, "Next reconcile"),
        h(
          "dd",
          null,
          next(data)
        ),
        (data.services || []).map((/** @type {any} */ service) => [
          h("dt", { key: service.name }, text.asSentence(service.name).slice(0, -1)),
          h(
            "dd",
            { key: `${service.name} state` },
            h(Icon, {
              name: service.ok ? "good" : "problem",
              className: service.ok ? "text-success" : "text-danger",
            }),
            ` ${text.asSentence(service.text)}`
          ),
        ])
      )
    );
  }

  /** @param {any} data */
  function next({ next_reconcile_at: at, is_automatic: isAutomatic }) {
    if (!at) return isAutomatic ? "within a day of the first change or task" : "not by itself";
    if (at <= Date.now() / 1000) return "due: at the next change or task";
    return h(Ago, { at });
  }

  const RECONCILES = /** @type {[string, string, Record<string, unknown>, string][]} */ ([
    ["all", "reconcile_all", {}, "All scenes"],
    ["week", "reconcile_7days", {}, "The last 7 days"],
    ["day", "reconcile_recent", {}, "The last 24 hours"],
    ["full", "reconcile_all", { full: true }, "All scenes, reading everything again"],
  ]);

  /** Compares and queues, and writes nothing. @param {{action: any}} props */
  function Reconcile({ action }) {
    const { Dropdown } = s2p.api.libraries.Bootstrap;
    const busy = Boolean(action.busy);
    return h(
      Dropdown,
      { className: "s2p-menu" },
      h(
        Dropdown.Toggle,
        { id: "s2p-reconcile", variant: "secondary", size: "sm", disabled: busy },
        "Reconcile",
        h(Icon, { name: "down" })
      ),
      h(
        Dropdown.Menu,
        null,
        RECONCILES.map(([key, mode, args, label]) =>
          h(
            Dropdown.Item,
            { key, as: "button", onClick: () => action.run(key, () => s2p.work.start(mode, args)) },
            label
          )
        )
      )
    );
  }

  const STARTS = ["reconcile_preview", "process_queue", "health_check", "report"];

  /** @param {{overview: import("../types").Read<any>}} props what the frame has read already */
  function Overview({ overview: read }) {
    const action = hooks.useAction();
    return h(Shown, { read }, (/** @type {any} */ data) =>
      h(
        "div",
        null,
        h(
          "section",
          { className: `card s2p-headline s2p-${data.tone}` },
          h(Icon, { name: data.tone }),
          h(
            "div",
            null,
            h("h2", { className: "h4" }, data.headline),
            (data.advice || []).map((/** @type {any} */ advice, /** @type {number} */ place) =>
              h(
                "p",
                { key: place, className: "s2p-advice" },
                h("span", null, advice.text),
                h(Act, {
                  name: advice.action,
                  action,
                  kind: place ? "secondary" : "primary",
                })
              )
            )
          )
        ),
        h(Tiles, { tiles: data.tiles, compared: Boolean(data.last_reconcile || data.tiles.scenes) }),
        h(
          "div",
          { className: "s2p-buttons s2p-starts" },
          h(Act, { name: "sync_everything", action, kind: "primary" }),
          h(Reconcile, { action }),
          STARTS.map((name) => h(Act, { key: name, name, action }))
        ),
        h(
          "div",
          { className: "s2p-panels mt-3" },
          h(GapTypes, { tiles: data.tiles, titles: data.type_titles }),
          h(s2p.chart.Chart, { points: data.points }),
          h(Times, { data })
        )
      )
    );
  }

  s2p.views.overview = Overview;
})();
