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
    if (!counts.scenes) return null;
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
  function Planned({ row, selection, opened, plex, note, losses }) {
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
            row.in_later_run ? h(Tag, { tone: "info" }, "in a later run") : null,
            labels.map((label) => h(Tag, { key: String(label) }, String(label)))
          ),
        ],
      },
      h(parts.Changes, { changes: row.changes, plex, losses })
    );
  }

  /** @param {{preview: () => void, busy: boolean}} props */
  function NoPreview({ preview, busy }) {
    return h(
      Empty,
      { title: "There is no preview yet." },
      h("p", null, "A preview shows what a sync would change in Plex, and writes nothing."),
      h(Button, { onClick: preview, busy }, "Make a preview")
    );
  }

  /** A preview that would change nothing, which is not to say that all is in Plex. */
  const Unchanged = () =>
    h(
      "p",
      { className: "text-muted" },
      "What Plex does not have, and what fits several of its items, is under ",
      h(parts.ViewLink, { view: "gaps" }, "Gaps"),
      "."
    );

  /** What the preview is, and what to do with all of it. @param {any} props */
  function Summary({ data, action, apply, preview }) {
    const busy = Boolean(action.busy);
    return h(
      "div",
      null,
      h("p", { className: "mb-2" }, data.text, " Made ", h(Ago, { at: data.made_at }), "."),
      data.is_outdated && data.counts.scenes
        ? h("p", { className: "mb-2 text-warning" }, "Plex was written to since. A new preview shows what is left.")
        : null,
      h(Counts, { counts: data.counts }),
      h(
        "div",
        { className: "s2p-buttons mb-3" },
        data.counts.scenes
          ? h(
              Button,
              {
                onClick: () => apply(null, data),
                disabled: !data.can_apply || busy,
                busy: action.busy === "apply",
              },
              "Apply all"
            )
          : null,
        h(Button, { kind: "secondary", onClick: preview, disabled: busy }, "Make a new preview")
      )
    );
  }

  /** @param {{filters: any, total: number}} props */
  function Filters({ filters, total }) {
    return h(
      Toolbar,
      { total, what: "scene" },
      h(SearchBox, {
        label: "Title",
        value: filters.values.text,
        onChange: (/** @type {string} */ value) => filters.set("text", value),
      }),
      h(Select, {
        label: "Kind of change",
        all: "All changes",
        value: filters.values.kind,
        options: KINDS.map(([value, label]) => ({ value, label })),
        onChange: (/** @type {string} */ value) => filters.set("kind", value),
      })
    );
  }

  /** The scenes of a plan, which can be chosen while it can be applied. @param {any} props */
  function Scenes({ data, filters, selection, opened, apply, busy }) {
    if (data.rows.length === 0) return h(Empty, { title: "No scene matches these filters." });
    const chosen = data.can_apply ? selection : undefined;
    const button = h(
      Button,
      { onClick: () => apply(selection.keys, data), disabled: busy },
      "Apply these"
    );
    return h(
      "div",
      null,
      chosen ? h(SelectionBar, { selection, total: data.rows.length }, button) : null,
      h(
        Rows,
        { data, filters },
        data.rows.map((/** @type {any} */ row) =>
          h(Planned, { key: row.scene_id, row, opened, plex: data.plex, selection: chosen })
        )
      )
    );
  }

  /** The question before a plan is applied. @param {string[] | null} scenes null: all
   * @param {any} data @param {() => void} onConfirm
   */
  const applyQuestion = (scenes, data, onConfirm) => ({
    title: scenes
      ? `Write the changes of ${text.plural(scenes.length, "scene")}?`
      : `Write all changes of ${text.plural(data.counts.scenes, "scene")}?`,
    action: "Write to Plex",
    body: h(
      "p",
      { className: "mb-0" },
      "Just what is shown here is written, except what has changed meanwhile. It can be undone under Runs."
    ),
    onConfirm,
  });

  function Plan() {
    const filters = hooks.useFilters(["kind", "text"]);
    const read = hooks.useRead("page_plan", filters.args);
    const opened = parts.useOpen();
    const confirm = parts.useConfirm();
    const selection = hooks.useSelection(parts.sceneIds(read.data));
    const action = hooks.useAction(selection.clear);
    work.useReloadAfterWork(read.reload);
    const busy = Boolean(action.busy);
    const preview = () => action.run("preview", () => work.start("reconcile_preview"));
    /** @param {string[] | null} scenes @param {any} data */
    const apply = (scenes, data) => {
      const args = Object.assign({ run_id: data.run_id }, scenes ? { scene_ids: scenes } : {});
      const start = () => action.run("apply", () => work.start("apply_preview", args));
      confirm.ask(applyQuestion(scenes, data, start));
    };
    return h(
      "div",
      null,
      confirm.element,
      h(Shown, { read }, (/** @type {any} */ data) =>
        data.run_id
          ? h(
              "div",
              null,
              h(Summary, { data, action, apply, preview }),
              data.counts.scenes ? h(Filters, { filters, total: data.total }) : h(Unchanged, null),
              data.counts.scenes
                ? h(Scenes, { data, filters, selection, opened, apply, busy })
                : null
            )
          : h(NoPreview, { preview, busy })
      )
    );
  }

  /** The question before what is held is written. @param {number} n @param {() => void} onConfirm */
  const heldQuestion = (n, onConfirm) => ({
    title: `Write what is held back of ${text.plural(n, "scene")}?`,
    action: "Write to Plex",
    danger: true,
    body: h(
      "p",
      { className: "mb-0" },
      "Plex loses the values shown here. It can be undone under Runs."
    ),
    onConfirm,
  });

  /** @param {any} props */
  function HeldScenes({ data, filters, selection, opened, write, busy }) {
    const disabled = !data.can_confirm || busy;
    /** @param {string} label @param {string[] | null} scenes @param {number} n */
    const button = (label, scenes, n) =>
      h(Button, { kind: "danger", disabled, onClick: () => write(scenes, n) }, label);
    const chosen = selection.keys;
    return h(
      "div",
      null,
      h("p", { className: "s2p-lead" }, data.headline),
      h(
        SelectionBar,
        {
          selection,
          total: data.rows.length,
          note: button(`Write all ${text.count(data.total)}`, null, data.total),
        },
        button("Write these", chosen, chosen.length)
      ),
      h(
        Rows,
        { data, filters },
        data.rows.map((/** @type {any} */ row) => {
          const note = text.asSentence(row.reason);
          const rest = { note, losses: true, plex: data.plex };
          return h(Planned, Object.assign({ key: row.scene_id, row, opened, selection }, rest));
        })
      )
    );
  }

  function Held() {
    const filters = hooks.useFilters([]);
    const read = hooks.useRead("page_held", filters.args);
    const opened = parts.useOpen();
    const confirm = parts.useConfirm();
    const selection = hooks.useSelection(parts.sceneIds(read.data));
    const action = hooks.useAction(selection.clear);
    work.useReloadAfterWork(read.reload);
    /** @param {string[] | null} scenes null: all @param {number} n */
    const write = (scenes, n) => {
      const args = scenes ? { scene_ids: scenes } : {};
      const start = () => action.run("confirm", () => work.start("confirm_stopped_run", args));
      confirm.ask(heldQuestion(n, start));
    };
    return h(
      "div",
      null,
      confirm.element,
      h(Shown, { read }, (/** @type {any} */ data) =>
        data.rows.length === 0
          ? h(
              Empty,
              { title: "Nothing is held back." },
              "Runs that would take a lot away from Plex stop here until you confirm."
            )
          : h(HeldScenes, { data, filters, selection, opened, write, busy: Boolean(action.busy) })
      )
    );
  }

  s2p.views.plan = Plan;
  s2p.views.held = Held;
})();
