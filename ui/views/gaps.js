// @ts-check
// Gaps: every scene that is not as it should be in Plex, why, and what to do about it.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, text } = s2p;
  const { Ago, Button, Row, Rows, SearchBox, Select, SelectionBar, Shown } = parts;
  const { Tag, Toolbar, ViewLink } = parts;

  const FILTERS = ["type", "studio", "library", "text", "sort"];
  const SORTS = [
    ["", "By title"],
    ["-updated", "Last changed first"],
    ["type", "By type"],
    ["studio", "By studio"],
    ["library", "By library"],
  ].map(([value, label]) => ({ value, label }));

  /** What a row offers, so that its details need not. */
  const GIVEN = ["sync", "ignore", "unignore"];

  const OPENS = /** @type {Record<string, string>} */ ({ ambiguous: "Choose", missing: "Details" });

  /** @param {{list: any, data: any}} props */
  function Filters({ list, data }) {
    const facets = (data && data.facets) || {};
    const { values, set, clear } = list.filters;
    const titles = (data && data.type_titles) || {};
    /** @param {string} name @param {string} all @param {any} options */
    const select = (name, all, options) =>
      h(Select, {
        label: all,
        titles,
        value: values[name],
        all,
        options,
        onChange: (/** @type {string} */ value) => set(name, value),
      });
    return h(
      Toolbar,
      { total: data && data.total, what: "gap" },
      h(SearchBox, {
        label: "Title or path",
        value: values.text,
        onChange: (/** @type {string} */ value) => set("text", value),
      }),
      select("type", "All types", parts.facetOptions(facets.types, titles)),
      select("studio", "All studios", parts.facetOptions(facets.studios)),
      select("library", "All libraries", parts.facetOptions(facets.libraries)),
      h(Select, {
        label: "Order",
        value: values.sort,
        all: null,
        options: SORTS,
        onChange: (/** @type {string} */ value) => set("sort", value),
      }),
      list.filtered
        ? h(Button, { kind: "secondary", onClick: clear }, "Clear filters")
        : null
    );
  }

  /** What can be done with one gap. @param {{row: import("../types").GapRow, act: any}} props */
  function GapActions({ row, act }) {
    const { action, run } = act;
    /** @param {string} label @param {string} mode @param {string} kind */
    const button = (label, mode, kind) =>
      h(
        Button,
        {
          kind,
          busy: action.busy === `${mode} ${row.scene_id}`,
          disabled: Boolean(action.busy),
          "aria-label": `${label}: ${text.nameOf(row)}`,
          onClick: () => run(mode, [row.scene_id], `${mode} ${row.scene_id}`),
        },
        label
      );
    if (row.ignored) return button("Stop ignoring", "unignore_scenes", "secondary");
    return h(
      React.Fragment,
      null,
      row.can_sync ? button("Sync now", "sync_scenes", "primary") : null,
      button("Ignore", "ignore_scenes", "secondary")
    );
  }

  /** @param {{row: import("../types").GapRow, data: any, selection: any, opened: any, act: any,
   *   reload: () => void}} props
   */
  function Gap({ row, data, selection, opened, act, reload }) {
    const { plex, type_titles: titles, undecided_types: undecided } = data;
    return h(
      Row,
      {
        id: row.scene_id,
        label: text.nameOf(row),
        selection,
        cover: h(parts.Cover, { sceneId: row.scene_id, at: row.updated_at }),
        open: opened.has(row.scene_id),
        onOpen: () => opened.toggle(row.scene_id),
        opens: OPENS[row.type] || "Compare",
        head: [
          h(parts.SceneLink, { key: "title", sceneId: row.scene_id, title: row.title }),
          h(
            "div",
            { key: "tags", className: "s2p-tags" },
            h(Tag, { tone: row.ignored ? "secondary" : "warning" }, titles[row.type] || row.type),
            row.queued
              ? h(Tag, { tone: "info" }, row.held ? "held back" : "waits to be synced")
              : null,
            row.library ? h(Tag, null, row.library) : null,
            row.studio ? h(Tag, null, row.studio) : null,
            row.type === "stale_sync" && row.updated_at
              ? h("small", { className: "text-muted" }, "changed ", h(Ago, { at: row.updated_at }))
              : null,
            (row.items || []).map((item) =>
              h(parts.PlexLink, {
                key: `${item.section}/${item.rating_key}`,
                plex,
                ratingKey: item.rating_key,
              })
            )
          ),
          h("p", { key: "reason", className: "s2p-reason" }, text.asSentence(row.reason)),
          h("code", { key: "path", className: "s2p-path" }, row.path),
        ],
        actions: h(GapActions, { row, act }),
      },
      h(parts.SceneState, {
        sceneId: row.scene_id,
        onChange: reload,
        reason: row.reason,
        // What Stash says may have changed since the row was written.
        without: row.can_sync || undecided.includes(row.type) ? GIVEN : GIVEN.slice(1),
      })
    );
  }

  /** Actions on what is ticked. @param {any} props */
  function Chosen({ selection, act, type, rows }) {
    const busy = Boolean(act.action.busy);
    const able = rows
      .filter((/** @type {import("../types").GapRow} */ row) => row.can_sync)
      .map((/** @type {import("../types").GapRow} */ row) => row.scene_id)
      .filter(selection.has);
    /** @param {string} label @param {string} mode @param {string} kind @param {string[]} [ids] */
    const button = (label, mode, kind, ids = selection.keys) =>
      h(Button, { kind, disabled: busy, onClick: () => act.run(mode, ids, mode) }, label);
    return type === "ignored"
      ? button("Stop ignoring", "unignore_scenes", "primary")
      : h(
          "span",
          { className: "s2p-buttons" },
          able.length > 0 ? button("Sync now", "sync_scenes", "primary", able) : null,
          button("Ignore", "ignore_scenes", "secondary")
        );
  }

  /** Actions on all that the filters leave.
   * @param {{list: any, total: number, undecided: boolean}} props
   */
  const All = ({ list, total, undecided }) =>
    h(
      "span",
      { className: "s2p-buttons" },
      undecided
        ? null
        : h(parts.AllButton, {
            list,
            total,
            what: "gap",
            label: "Sync all",
            mode: "sync_scenes",
            body: "All gaps that the filters show are queued and synced, but for those that no sync can help yet.",
          }),
      h(parts.AllButton, {
        list,
        total,
        what: "gap",
        label: "Ignore all",
        mode: "ignore_scenes",
        body: "They are left alone from now on, until you stop ignoring them.",
      })
    );

  /** @param {any} props */
  function GapList({ data, list, opened, act, reload }) {
    const { filters, selection } = list;
    if (data.rows.length === 0) {
      const compared = Boolean(data.as_of_at);
      return h(
        parts.NoRows,
        { list, what: "gap", title: compared ? "No gaps: Plex shows what Stash says." : parts.NOT_COMPARED },
        compared ? "The next reconcile compares all again. " : "A reconcile finds what differs. ",
        h(ViewLink, { view: "overview" }, compared ? "Back to the overview" : "To the overview")
      );
    }
    const { type } = filters.values;
    const undecided = data.undecided_types.includes(type);
    const note = h(All, { list, total: data.total, undecided });
    return h(
      "div",
      null,
      h(
        SelectionBar,
        { selection, total: data.rows.length, note: type === "ignored" ? null : note },
        h(Chosen, { selection, act, type, rows: data.rows })
      ),
      h(
        Rows,
        { data, filters },
        data.rows.map((/** @type {import("../types").GapRow} */ row) =>
          h(Gap, { key: row.scene_id, row, data, selection, opened, act, reload })
        )
      ),
      h("p", { className: "text-muted small" }, "As of ", h(Ago, { at: data.as_of_at }), ".")
    );
  }

  function Gaps() {
    const list = parts.useSceneList("page_gaps", FILTERS);
    const opened = parts.useOpen(hooks.useQuery().get("scene"));
    const { read } = list;
    const act = {
      action: list.action,
      run: (/** @type {string} */ mode, /** @type {string[]} */ ids, /** @type {string} */ name) =>
        list.run(mode, { scene_ids: ids }, name),
    };
    return h(
      "div",
      null,
      list.confirm.element,
      h(Filters, { list, data: read.data }),
      h(Shown, { read }, (/** @type {any} */ data) =>
        h(GapList, { data, list, opened, act, reload: read.reload })
      )
    );
  }

  s2p.views.gaps = Gaps;
})();
