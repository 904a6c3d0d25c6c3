// @ts-check
// Dead letters: scenes that were given up on, why, and how to try them again.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, parts, text } = s2p;
  const { Ago, Button, Row, Rows, SearchBox, Select, SelectionBar, Shown, Tag } = parts;
  const { Toolbar } = parts;

  /** @param {{filters: any, data: any}} props */
  function Filters({ filters, data }) {
    const { facets, error_titles: titles } = data || {};
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
        titles,
        options: parts.facetOptions(facets && facets.errors, titles),
        onChange: (/** @type {string} */ value) => filters.set("error", value),
      })
    );
  }

  /** @param {{row: any, titles: any, selection: any, opened: any, list: any}} props */
  function Letter({ row, titles, selection, opened, list }) {
    const { action, run, read } = list;
    const about = {
      id: row.scene_id,
      label: text.nameOf(row),
      selection,
      cover: h(parts.Cover, { sceneId: row.scene_id }),
      open: opened.has(row.scene_id),
      onOpen: () => opened.toggle(row.scene_id),
      opens: row.error === "Ambiguous" ? "Choose" : "Details",
      head: [
        h(parts.SceneLink, { key: "title", sceneId: row.scene_id, title: row.title }),
        h(
          "div",
          { key: "tags", className: "s2p-tags" },
          h(Tag, { tone: "danger" }, titles[row.error] || row.error),
          h(
            "small",
            { className: "text-muted" },
            "given up ",
            h(Ago, { at: row.failed_at }),
            row.attempts ? ` after ${text.plural(row.attempts, "try", "tries")}` : ""
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
    };
    const scene = {
      sceneId: row.scene_id,
      onChange: read.reload,
      reason: row.reason,
      without: ["sync", "retry"],
    };
    return h(Row, about, h(parts.SceneState, scene));
  }

  const FORGET =
    "The scenes are not tried again by themselves; the next reconcile finds those that still differ.";

  /** What can be done with the ticked ones, or with all. @param {{list: any, total: number}} props */
  function Actions({ list, total }) {
    const { selection, confirm, run, busy } = list;
    const scenes = selection.keys;
    const forget = () =>
      confirm.ask({
        title: `Forget ${text.plural(scenes.length, "dead letter")}?`,
        action: "Forget",
        danger: true,
        body: h("p", { className: "mb-0" }, FORGET),
        onConfirm: () => run("drop_dead_letters", { scene_ids: scenes }),
      });
    const all = { list, total, what: "dead letter" };
    const again = { label: "Try all again", mode: "retry_dlq" };
    const none = { label: "Forget all", mode: "drop_dead_letters", danger: true };
    const body = "All dead letters that the filters show are put back into the queue.";
    const note = h(
      "span",
      { className: "s2p-buttons" },
      h(parts.AllButton, Object.assign({ body }, all, again)),
      h(parts.AllButton, Object.assign({ body: FORGET }, all, none))
    );
    return h(
      SelectionBar,
      { selection, total, note },
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

  function DeadLetters() {
    const list = parts.useSceneList("page_dead_letters", ["error", "text"]);
    const opened = parts.useOpen();
    const { filters, read, selection } = list;
    return h(
      "div",
      null,
      list.confirm.element,
      h(Filters, { filters, data: read.data }),
      h(Shown, { read }, (/** @type {any} */ data) =>
        data.rows.length === 0
          ? h(
              parts.NoRows,
              { list, what: "dead letter", title: "No dead letters." },
              "A scene comes here when it could not be synced after all its tries."
            )
          : h(
              "div",
              null,
              h(Actions, { list, total: data.total }),
              h(
                Rows,
                { data, filters },
                data.rows.map((/** @type {any} */ row) =>
                  h(Letter, {
                    key: row.job_id || row.scene_id,
                    row,
                    titles: data.error_titles,
                    selection,
                    opened,
                    list,
                  })
                )
              )
            )
      )
    );
  }

  s2p.views.dead_letters = DeadLetters;
})();
