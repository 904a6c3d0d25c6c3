// @ts-check
// Plan: what the last preview would change. Held: what the clear guard holds back.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, hooks, parts, text, work } = s2p;
  const { Ago, Button, Empty, Row, Rows, SearchBox, Select, SelectionBar, Shown, Tag } = parts;
  const { Toolbar } = parts;

  const KINDS = /** @type {[string, string][]} */ ([
    ["set", "Values set"],
    ["clear", "Values emptied"],
    ["add", "Entries added"],
    ["remove", "Entries taken away"],
    ["picture", "Pictures"],
  ]);

  /** @param {{counts: any}} props */
  function Counts({ counts }) {
    /** @param {string} label @param {number} n @param {string} [tone] */
    const one = (label, n, tone) =>
      h(
        "span",
        { className: "s2p-count", key: label },
        h("strong", { className: tone && n ? `text-${tone}` : "" }, text.count(n || 0)),
        ` ${label}`
      );
    return h(
      "p",
      { className: "s2p-counts" },
      one("scenes", counts.scenes),
      one("items", counts.items),
      one("values set", counts.set),
      one("values emptied", counts.clear, "warning"),
      one("entries added", counts.add),
      one("entries taken away", counts.remove, "warning"),
      one("pictures", counts.pictures)
    );
  }

  /** A scene with what would change. @param {any} props */
  function Planned({ row, selection, opened, plex, note }) {
    const labels = Array.from(
      new Set(row.changes.map((/** @type {import("../types").Change} */ change) => change.label))
    );
    return h(
      Row,
      {
        id: row.scene_id,
        label: text.nameOf(row),
        selection,
        cover: h(parts.Cover, { sceneId: row.scene_id }),
        open: opened.has(row.scene_id),
        onOpen: () => opened.toggle(row.scene_id),
        opens: "Changes",
        head: [
          h(parts.SceneLink, { key: "title", sceneId: row.scene_id, title: row.title }),
          note ? h("p", { key: "note", className: "s2p-reason" }, note) : null,
          h(
            "div",
            { key: "labels", className: "s2p-tags" },
            labels.map((label) => h(Tag, { key: String(label) }, String(label)))
          ),
        ],
      },
      h(parts.Changes, { changes: row.changes, plex })
    );
  }

  function Plan() {
    const filters = hooks.useFilters(["kind", "text"]);
    const read = hooks.useRead("page_plan", filters.args);
    const opened = parts.useOpen();
    const confirm = parts.useConfirm();
    const rows = (read.data && read.data.rows) || [];
    const selection = hooks.useSelection(rows.map((/** @type {any} */ row) => row.scene_id));
    const action = hooks.useAction(selection.clear);
    work.useReloadAfterWork(read.reload);
    const { values, set } = filters;
    const preview = () => action.run("preview", () => work.start("reconcile_preview"));
    /** @param {string[] | null} scenes @param {any} data */
    const apply = (scenes, data) =>
      confirm.ask({
        title: scenes
          ? `Write the changes of ${text.plural(scenes.length, "scene")}?`
          : `Write all changes of ${text.plural(data.counts.scenes, "scene")}?`,
        action: "Write to Plex",
        body: h(
          "p",
          { className: "mb-0" },
          "Just what is shown here is written, except what has changed meanwhile. It can be undone under Runs."
        ),
        onConfirm: () =>
          action.run("apply", () =>
            work.start(
              "apply_preview",
              Object.assign({ run_id: data.run_id }, scenes ? { scene_ids: scenes } : {})
            )
          ),
      });
    return h(
      "div",
      null,
      confirm.element,
      h(Shown, { read }, (/** @type {any} */ data) =>
        !data.run_id
          ? h(
              Empty,
              { title: "There is no preview yet." },
              h("p", null, "A preview shows what a sync would change in Plex, and writes nothing."),
              h(Button, { onClick: preview, busy: Boolean(action.busy) }, "Make a preview")
            )
          : h(
              "div",
              null,
              h("p", { className: "mb-1" }, data.text, " Made ", h(Ago, { at: data.made_at }), "."),
              h(Counts, { counts: data.counts }),
              h(
                "div",
                { className: "s2p-buttons mb-3" },
                h(
                  Button,
                  {
                    onClick: () => apply(null, data),
                    disabled: !data.can_apply || Boolean(action.busy),
                    busy: action.busy === "apply",
                  },
                  "Apply all"
                ),
                h(
                  Button,
                  { kind: "secondary", onClick: preview, disabled: Boolean(action.busy) },
                  "Make a new preview"
                )
              ),
              h(
                Toolbar,
                { total: data.total, what: "scene" },
                h(SearchBox, {
                  label: "Title",
                  value: values.text,
                  onChange: (/** @type {string} */ value) => set("text", value),
                }),
                h(Select, {
                  label: "Kind of change",
                  all: "All changes",
                  value: values.kind,
                  options: KINDS.map(([value, label]) => ({ value, label })),
                  onChange: (/** @type {string} */ value) => set("kind", value),
                })
              ),
              rows.length === 0
                ? h(Empty, {
                    title:
                      values.text || values.kind
                        ? "No scene matches these filters."
                        : "Nothing would change: Plex shows what Stash says.",
                  })
                : h(
                    "div",
                    null,
                    data.can_apply
                      ? h(
                          SelectionBar,
                          { selection, total: rows.length },
                          h(
                            Button,
                            {
                              onClick: () => apply(selection.keys, data),
                              disabled: Boolean(action.busy),
                            },
                            "Apply these"
                          )
                        )
                      : null,
                    h(
                      Rows,
                      { data, filters },
                      rows.map((/** @type {any} */ row) =>
                        h(Planned, {
                          key: row.scene_id,
                          row,
                          opened,
                          plex: data.plex,
                          selection: data.can_apply ? selection : undefined,
                        })
                      )
                    )
                  )
            )
      )
    );
  }

  function Held() {
    const filters = hooks.useFilters([]);
    const read = hooks.useRead("page_held", filters.args);
    const opened = parts.useOpen();
    const confirm = parts.useConfirm();
    const rows = (read.data && read.data.rows) || [];
    const selection = hooks.useSelection(rows.map((/** @type {any} */ row) => row.scene_id));
    const action = hooks.useAction(selection.clear);
    work.useReloadAfterWork(read.reload);
    /** @param {string[] | null} scenes @param {number} total */
    const write = (scenes, total) =>
      confirm.ask({
        title: `Write what is held back of ${text.plural(scenes ? scenes.length : total, "scene")}?`,
        action: "Write to Plex",
        danger: true,
        body: h(
          "p",
          { className: "mb-0" },
          "Plex loses the values shown here. It can be undone under Runs."
        ),
        onConfirm: () =>
          action.run("confirm", () =>
            work.start("confirm_stopped_run", scenes ? { scene_ids: scenes } : {})
          ),
      });
    return h(
      "div",
      null,
      confirm.element,
      h(Shown, { read }, (/** @type {any} */ data) =>
        rows.length === 0
          ? h(
              Empty,
              { title: "Nothing is held back." },
              "Runs that would take a lot away from Plex stop here until you confirm."
            )
          : h(
              "div",
              null,
              h("p", { className: "s2p-lead" }, data.headline),
              h(
                SelectionBar,
                {
                  selection,
                  total: rows.length,
                  note: h(
                    Button,
                    {
                      kind: "danger",
                      disabled: !data.can_confirm || Boolean(action.busy),
                      onClick: () => write(null, data.total),
                    },
                    `Write all ${text.count(data.total)}`
                  ),
                },
                h(
                  Button,
                  {
                    kind: "danger",
                    disabled: !data.can_confirm || Boolean(action.busy),
                    onClick: () => write(selection.keys, data.total),
                  },
                  "Write these"
                )
              ),
              h(
                Rows,
                { data, filters },
                rows.map((/** @type {any} */ row) =>
                  h(Planned, {
                    key: row.scene_id,
                    row,
                    opened,
                    selection,
                    plex: data.plex,
                    note: `${text.asSentence(row.reason)} It would lose ${text.plural(row.would_remove, "value")}.`,
                  })
                )
              )
            )
      )
    );
  }

  s2p.views.plan = Plan;
  s2p.views.held = Held;
})();
