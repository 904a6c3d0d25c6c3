// @ts-check
// Dead letters: scenes that were given up on, why, and how to try them again.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, hooks, parts, server, text } = s2p;
  const { Ago, Button, Empty, Row, Rows, SearchBox, Select, SelectionBar, Shown, Tag } = parts;
  const { Toolbar } = parts;

  /** "PlexNotFound" as words: the classes of errors have names that are sentences in short.
   * @param {string} name */
  const errorLabel = (name) =>
    name
      .replace(/Error$/, "")
      .replace(/([a-z])([A-Z])/g, "$1 $2")
      .replace(/ [A-Z]/g, (/** @type {string} */ part) => part.toLowerCase());

  /** @param {{filters: any, data: any}} props */
  function Filters({ filters, data }) {
    return h(
      Toolbar,
      { total: data && data.total, what: "dead letter" },
      h(SearchBox, {
        label: "Title",
        value: filters.values.text,
        onChange: (/** @type {string} */ value) => filters.set("text", value),
      }),
      h(Select, {
        label: "All reasons",
        all: "All reasons",
        value: filters.values.error,
        options: parts.facetOptions(data && data.facets && data.facets.errors, errorLabel),
        onChange: (/** @type {string} */ value) => filters.set("error", value),
      })
    );
  }

  /** @param {{row: any, selection: any, action: any, run: any}} props */
  function Letter({ row, selection, action, run }) {
    return h(Row, {
      id: row.scene_id,
      label: text.nameOf(row),
      selection,
      cover: h(parts.Cover, { sceneId: row.scene_id }),
      head: [
        h(parts.SceneLink, { key: "title", sceneId: row.scene_id, title: row.title }),
        h(
          "div",
          { key: "tags", className: "s2p-tags" },
          h(Tag, { tone: "danger" }, errorLabel(row.error)),
          h(
            "small",
            { className: "text-muted" },
            "given up ",
            h(Ago, { at: row.failed_at }),
            ` after ${text.plural(row.attempts, "try", "tries")}`
          )
        ),
        h("p", { key: "reason", className: "s2p-reason" }, text.asSentence(row.reason)),
      ],
      actions: h(
        Button,
        {
          disabled: Boolean(action.busy),
          busy: action.busy === row.scene_id,
          "aria-label": `Try again: ${text.nameOf(row)}`,
          onClick: () => run("retry_dlq", { scene_ids: [row.scene_id] }, row.scene_id),
        },
        "Try again"
      ),
    });
  }

  /** What can be done with the ticked ones, or with all. @param {any} props */
  function Actions({ data, selection, values, busy, run, confirm }) {
    const scenes = selection.keys;
    const forget = () =>
      confirm.ask({
        title: `Forget ${text.plural(scenes.length, "dead letter")}?`,
        action: "Forget",
        danger: true,
        body: h(
          "p",
          { className: "mb-0" },
          "The scenes are not tried again by themselves; the next reconcile finds those that still differ."
        ),
        onConfirm: () => run("drop_dead_letters", { scene_ids: scenes }),
      });
    const note = values.text
      ? null
      : h(
          Button,
          {
            kind: "secondary",
            disabled: busy,
            onClick: () => run("retry_dlq", values.error ? { failure: values.error } : {}),
          },
          `Try all ${text.count(data.total)} again`
        );
    return h(
      SelectionBar,
      { selection, total: data.rows.length, note },
      h(
        "span",
        { className: "s2p-buttons" },
        h(
          Button,
          { disabled: busy, onClick: () => run("retry_dlq", { scene_ids: scenes }) },
          "Try these again"
        ),
        h(Button, { kind: "danger", disabled: busy, onClick: forget }, "Forget these")
      )
    );
  }

  /** @param {{filters: any}} props */
  function None({ filters }) {
    const filtered = Boolean(filters.values.text || filters.values.error);
    return h(
      Empty,
      { title: filtered ? "No dead letter matches." : "No dead letters." },
      filtered
        ? h(Button, { kind: "secondary", onClick: filters.clear }, "Clear filters")
        : "A scene comes here when it could not be synced after all its tries."
    );
  }

  function DeadLetters() {
    const filters = hooks.useFilters(["error", "text"]);
    const read = hooks.useRead("page_dead_letters", filters.args);
    const confirm = parts.useConfirm();
    const rows = (read.data && read.data.rows) || [];
    const selection = hooks.useSelection(rows.map((/** @type {any} */ row) => row.scene_id));
    const action = hooks.useAction(() => {
      selection.clear();
      read.reload();
    });
    s2p.work.useReloadAfterWork(read.reload);
    /** @param {string} mode @param {any} args @param {string} [name] */
    const run = (mode, args, name) => action.run(name || mode, () => server.operation(mode, args));
    const busy = Boolean(action.busy);
    return h(
      "div",
      null,
      confirm.element,
      h(Filters, { filters, data: read.data }),
      h(Shown, { read }, (/** @type {any} */ data) => {
        if (rows.length === 0) return h(None, { filters });
        return h(
          "div",
          null,
          h(Actions, { data, selection, values: filters.values, busy, run, confirm }),
          h(
            Rows,
            { data, filters },
            rows.map((/** @type {any} */ row) =>
              h(Letter, { key: row.job_id || row.scene_id, row, selection, action, run })
            )
          )
        );
      })
    );
  }

  s2p.views.dead_letters = DeadLetters;
})();
