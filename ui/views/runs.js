// @ts-check
// Runs: what has been written to Plex, run by run, and how to take it back.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, text, work } = s2p;
  const { Ago, Button, Empty, Pager, Row, Rows, Shown, Tag } = parts;

  const TONES = /** @type {Record<string, string>} */ ({
    finished: "success",
    done: "success",
    complete: "success",
    running: "info",
    failed: "danger",
    stopped: "warning",
    partial: "warning",
    killed: "danger",
  });

  const WORDS = /** @type {Record<string, string>} */ ({
    running: "runs",
    partial: "in part",
    killed: "broken off",
  });

  /** The changes of one run. @param {{runId: string}} props */
  function RunChanges({ runId }) {
    const [page, turn] = React.useState(1);
    const read = hooks.useRead("page_run", { run_id: runId, page });
    work.useReloadAfterWork(read.reload);
    return h(Shown, { read }, (/** @type {any} */ data) => {
      if (data.rows.length === 0) return h(Empty, { title: "This run has changed nothing in Plex." });
      return h(
        "div",
        null,
        byScene(data.rows).map(({ scene, rows }) =>
          h(
            "section",
            { key: scene, className: "s2p-run-scene" },
            h(parts.SceneLink, { sceneId: scene, title: rows[0].title }),
            h(parts.Changes, { changes: rows, plex: data.plex })
          )
        ),
        h(Pager, { total: data.total, page: data.page, perPage: data.per_page, turn })
      );
    });
  }

  /** Changes of one scene that follow each other, together. @param {any[]} rows */
  function byScene(rows) {
    /** @type {{scene: string, rows: any[]}[]} */
    const groups = [];
    rows.forEach((row) => {
      const known = groups.find((group) => group.scene === row.scene_id);
      if (known) known.rows.push(row);
      else groups.push({ scene: row.scene_id, rows: [row] });
    });
    return groups;
  }

  /** @param {import("../types").Run} run @param {() => void} onConfirm */
  const undoQuestion = (run, onConfirm) => ({
    title: `Undo '${run.title}' of ${text.moment(run.started_at)}?`,
    action: "Undo it",
    danger: true,
    body: h(
      "p",
      { className: "mb-0" },
      `${text.plural(run.items_changed, "item")} in Plex ${run.items_changed === 1 ? "gets back what it" : "get back what they"} showed before, ` +
        "except what has changed since. An undo is a run like any other, and can be undone."
    ),
    onConfirm,
  });

  /** @param {{run: import("../types").Run, opened: any, action: any, undo: () => void}} props */
  function RunRow({ run, opened, action, undo }) {
    const label = `${run.title}, ${text.moment(run.started_at)}`;
    const button = h(
      Button,
      {
        kind: "secondary",
        busy: action.busy === run.run_id,
        disabled: Boolean(action.busy),
        "aria-label": `Undo: ${label}`,
        onClick: undo,
      },
      "Undo"
    );
    return h(
      Row,
      {
        id: run.run_id,
        label,
        open: opened.has(run.run_id),
        onOpen: run.items_changed > 0 ? () => opened.toggle(run.run_id) : undefined,
        opens: "Changes",
        head: [
          h(
            "div",
            { key: "title", className: "s2p-tags" },
            h("strong", null, run.title),
            h(Tag, { tone: TONES[run.status] }, WORDS[run.status] || run.status),
            run.undone ? h(Tag, null, "taken back") : null,
            h("small", { className: "text-muted" }, h(Ago, { at: run.started_at }), took(run))
          ),
          h("p", { key: "text", className: "s2p-reason" }, text.asSentence(run.text)),
        ],
        actions: run.can_undo ? button : null,
      },
      h(RunChanges, { runId: run.run_id })
    );
  }

  function Runs() {
    const filters = hooks.useFilters([]);
    const read = hooks.useRead("page_runs", filters.args);
    const opened = parts.useOpen(hooks.useQuery().get("run"));
    const confirm = parts.useConfirm();
    const action = hooks.useAction();
    work.useReloadAfterWork(read.reload);
    /** @param {import("../types").Run} run */
    const undo = (run) => {
      const start = () => work.start("undo_last_run", { run_id: run.run_id });
      confirm.ask(undoQuestion(run, () => action.run(run.run_id, start)));
    };
    return h(
      "div",
      null,
      confirm.element,
      h(Shown, { read }, (/** @type {any} */ data) =>
        data.rows.length === 0
          ? h(Empty, { title: "Nothing has run yet." }, "Runs appear here with all that they change.")
          : h(
              Rows,
              { data, filters },
              data.rows.map((/** @type {import("../types").Run} */ run) =>
                h(RunRow, { key: run.run_id, run, opened, action, undo: () => undo(run) })
              )
            )
      )
    );
  }

  /** @param {import("../types").Run} run */
  const took = (run) =>
    run.finished_at ? `, took ${text.duration(run.finished_at - run.started_at)}` : "";

  s2p.views.runs = Runs;
})();
