// @ts-check
// Not in Stash (items of Plex that no scene's file matches) and Pins.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, hooks, parts, server, text } = s2p;
  const { Ago, Button, Empty, Row, Rows, SearchBox, Select, Shown, Tag, Toolbar } = parts;

  /** @param {{row: any, plex: any}} props */
  function Orphan({ row, plex }) {
    const added = row.added_at
      ? h("small", { className: "text-muted" }, "added ", h(Ago, { at: row.added_at }))
      : null;
    return h(Row, {
      id: `${row.section}-${row.rating_key}`,
      label: row.title,
      head: [
        h(parts.PlexLink, { key: "title", plex, ratingKey: row.rating_key, label: row.title }),
        h("div", { key: "tags", className: "s2p-tags" }, h(Tag, null, row.library), added),
        h("code", { key: "path", className: "s2p-path" }, row.path),
      ],
    });
  }

  /** @param {{filters: any, data: any}} props */
  function Filters({ filters, data }) {
    const { values, set } = filters;
    const libraries = (data && data.facets && data.facets.libraries) || [];
    return h(
      Toolbar,
      { total: data && data.total, what: "item" },
      h(SearchBox, {
        label: "Title or path",
        value: values.text,
        onChange: (/** @type {string} */ value) => set("text", value),
      }),
      libraries.length > 0 || values.library
        ? h(Select, {
            label: "All libraries",
            all: "All libraries",
            value: values.library,
            options: parts.facetOptions(libraries),
            onChange: (/** @type {string} */ value) => set("library", value),
          })
        : null
    );
  }

  function Orphans() {
    const filters = hooks.useFilters(["library", "text"]);
    const read = hooks.useRead("page_orphans", filters.args);
    s2p.work.useReloadAfterWork(read.reload);
    const filtered = Boolean(filters.values.text || filters.values.library);
    return h(
      "div",
      null,
      h(
        "p",
        { className: "text-muted" },
        "Items in Plex that are no scene in Stash. Stash2Plex leaves them alone."
      ),
      h(Filters, { filters, data: read.data }),
      h(Shown, { read }, (/** @type {any} */ page) =>
        page.rows.length === 0
          ? h(
              Empty,
              { title: filtered ? "No item matches these filters." : page.as_of_at ? "Nothing here." : parts.NOT_COMPARED },
              filtered
                ? null
                : page.as_of_at
                  ? "Every item of the synced libraries is a scene in Stash."
                  : "A reconcile of all scenes finds these items."
            )
          : h(
              Rows,
              { data: page, filters },
              page.rows.map((/** @type {any} */ row) =>
                h(Orphan, { key: `${row.section}/${row.rating_key}`, row, plex: page.plex })
              )
            )
      )
    );
  }

  /** @param {{row: any, plex: any, busy: boolean, unpin: () => void}} props */
  function Pin({ row, plex, busy, unpin }) {
    const label = row.item_title || `item ${row.rating_key}`;
    return h(Row, {
      id: `${row.scene_id}-${row.rating_key}`,
      label: text.nameOf(row),
      cover: h(parts.Cover, { sceneId: row.scene_id }),
      head: [
        h(parts.SceneLink, { key: "title", sceneId: row.scene_id, title: row.title }),
        h(
          "p",
          { key: "item", className: "s2p-reason" },
          "is ",
          h(parts.PlexLink, { plex, ratingKey: row.rating_key, label }),
          row.library ? ` in ${row.library}` : "",
          row.since_at ? h("span", null, ", since ", h(Ago, { at: row.since_at })) : null
        ),
        h("code", { key: "path", className: "s2p-path" }, row.path),
      ],
      actions: h(
        Button,
        {
          kind: "secondary",
          disabled: busy,
          "aria-label": `Take the pin back: ${text.nameOf(row)}`,
          onClick: unpin,
        },
        "Take the pin back"
      ),
    });
  }

  function Pins() {
    const filters = hooks.useFilters([]);
    const read = hooks.useRead("page_pins", filters.args);
    const action = hooks.useAction(read.reload);
    /** @param {any} row */
    const unpin = (row) =>
      action.run(row.scene_id + row.rating_key, async () => {
        await server.operation("unpin", { scene_id: row.scene_id, rating_key: row.rating_key });
        return { text: `'${text.nameOf(row)}' is no longer pinned; its files decide again.` };
      });
    return h(
      "div",
      null,
      h(
        "p",
        { className: "text-muted" },
        "A pin says which item in Plex a scene is, whatever its files say."
      ),
      h(Shown, { read }, (/** @type {any} */ page) =>
        page.rows.length === 0
          ? h(
              Empty,
              { title: "No scene is pinned." },
              "Pin one where several items fit: open the gap and choose the right item."
            )
          : h(
              Rows,
              { data: page, filters },
              page.rows.map((/** @type {any} */ row) =>
                h(Pin, {
                  key: `${row.scene_id}/${row.rating_key}`,
                  row,
                  plex: page.plex,
                  busy: Boolean(action.busy),
                  unpin: () => unpin(row),
                })
              )
            )
      )
    );
  }

  s2p.views.orphans = Orphans;
  s2p.views.pins = Pins;
})();
