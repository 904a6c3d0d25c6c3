// @ts-check
// What the views with rows share: a bar of filters, a bar for what is ticked, rows that open.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, server, text } = s2p;
  const { Button, Empty, Icon, Pager } = s2p.parts;

  /** @param {{children?: any, total?: number | null, what?: string, many?: string}} props */
  function Toolbar({ children, total, what, many }) {
    return h(
      "div",
      { className: "s2p-toolbar" },
      children,
      typeof total === "number"
        ? h("span", { className: "s2p-total text-muted" }, text.plural(total, what || "row", many))
        : null
    );
  }

  /** The box before all rows. @param {{selection: any, label: string}} props */
  function TickAll({ selection, label }) {
    return h(
      "label",
      { className: "s2p-tick-all" },
      h("input", {
        type: "checkbox",
        checked: selection.all,
        onChange: selection.toggleAll,
      }),
      label
    );
  }

  /** What can be done with the ticked rows; it stays in sight while rows are ticked.
   * @param {{selection: any, total: number, children: any, note?: any}} props
   */
  function SelectionBar({ selection, total, children, note }) {
    if (total === 0) return null;
    const chosen = selection.keys.length;
    return h(
      "div",
      { className: `s2p-selection ${chosen ? "s2p-selection-on" : ""}` },
      h(TickAll, {
        selection,
        label: chosen ? `${text.count(chosen)} chosen` : "Choose all on this page",
      }),
      chosen ? children : note || null
    );
  }

  /**
   * One row, which may open.
   * @param {{id: string, selection?: any, label: string, cover?: any, head: any, actions?: any,
   *   open?: boolean, onOpen?: () => void, opens?: string, children?: any, marks?: string}} props
   */
  function Row({ id, selection, label, cover, head, actions, open, onOpen, opens, children }) {
    const detail = `s2p-detail-${id}`;
    return h(
      "li",
      { className: "s2p-row card" },
      h(
        "div",
        { className: "s2p-row-main" },
        selection
          ? h("input", {
              type: "checkbox",
              className: "s2p-tick",
              checked: selection.has(id),
              onChange: () => selection.toggle(id),
              "aria-label": `Choose ${label}`,
            })
          : null,
        cover || null,
        h("div", { className: "s2p-row-head" }, head),
        h(
          "div",
          { className: "s2p-row-actions" },
          actions,
          onOpen
            ? h(
                Button,
                {
                  kind: "secondary",
                  onClick: onOpen,
                  "aria-expanded": Boolean(open),
                  "aria-controls": detail,
                  "aria-label": `${opens || "Details"}: ${label}`,
                },
                h(Icon, { name: open ? "down" : "right" }),
                opens || "Details"
              )
            : null
        )
      ),
      open ? h("div", { className: "s2p-row-detail", id: detail }, children) : null
    );
  }

  /** Which rows are open. @param {string} [first] one that is open at the start */
  function useOpen(first) {
    const [open, setOpen] = React.useState(
      /** @type {Set<string>} */ (new Set(first ? [first] : []))
    );
    return {
      has: (/** @type {string} */ id) => open.has(id),
      toggle: (/** @type {string} */ id) => {
        const next = new Set(open);
        if (!next.delete(id)) next.add(id);
        setOpen(next);
      },
    };
  }

  /** @param {{data: any, filters: any, children: any}} props rows with the pages below them */
  function Rows({ data, filters, children }) {
    return h(
      React.Fragment,
      null,
      h("ul", { className: "list-unstyled s2p-rows" }, children),
      h(Pager, {
        total: data.total,
        page: data.page,
        perPage: data.per_page,
        turn: filters.turn,
      })
    );
  }

  /** A question that is asked before an action; `ask` shows it. */
  function useConfirm() {
    const [question, setQuestion] = React.useState(/** @type {any} */ (null));
    const element = question
      ? h(
          s2p.parts.Confirm,
          Object.assign({ onClose: () => setQuestion(null) }, question),
          question.body
        )
      : null;
    return { ask: setQuestion, element };
  }

  /** The scenes of rows. @param {any} data what a list has answered @returns {string[]} */
  const sceneIds = (data) =>
    data ? data.rows.map((/** @type {any} */ row) => String(row.scene_id)) : [];

  /**
   * A list of scenes by filters, with what can be done with those that are ticked, or with all.
   * @param {string} mode the operation that reads it
   * @param {string[]} names of its filters; "sort" is none
   */
  function useSceneList(mode, names) {
    const filters = hooks.useFilters(names);
    const read = hooks.useRead(mode, filters.args);
    const confirm = useConfirm();
    const selection = hooks.useSelection(sceneIds(read.data));
    const action = hooks.useAction(() => {
      selection.clear();
      read.reload();
    });
    s2p.work.useReloadAfterWork(read.reload);
    const filter = Object.fromEntries(
      names
        .filter((name) => name !== "sort" && filters.values[name])
        .map((name) => [name, filters.values[name]])
    );
    return {
      filters,
      read,
      confirm,
      selection,
      action,
      filter,
      filtered: Object.keys(filter).length > 0,
      busy: Boolean(action.busy),
      run: (/** @type {string} */ mode, /** @type {any} */ args, /** @type {string} */ name) =>
        action.run(name || mode, () => server.operation(mode, args)),
    };
  }

  /**
   * An action on all that the filters leave, on whatever page, after a question.
   * @param {{list: any, total: number, what: string, label: string, mode: string, body: string,
   *   danger?: boolean}} props label: with "all" in it
   */
  function AllButton({ list, total, what, label, mode, body, danger }) {
    if (total < 2) return null; // the row has it
    const ask = () =>
      list.confirm.ask({
        title: `${label.replace("all", `all ${text.plural(total, what)}`)}?`,
        action: label,
        danger,
        body: h("p", { className: "mb-0" }, body),
        onConfirm: () => list.run(mode, { filter: list.filter }),
      });
    return h(
      Button,
      { kind: "secondary", disabled: list.busy, onClick: ask },
      label.replace("all", `all ${text.count(total)}`)
    );
  }

  const NOT_COMPARED = "Nothing has been compared yet.";

  /** No row: because of the filters, or at all. @param {any} props */
  function NoRows({ list, what, title, children }) {
    const clear = h(Button, { kind: "secondary", onClick: list.filters.clear }, "Clear filters");
    return list.filtered
      ? h(Empty, { title: `No ${what} matches these filters.` }, clear)
      : h(Empty, { title }, children);
  }

  /** A small label. @param {{tone?: string, children: any, title?: string}} props */
  const Tag = ({ tone, children, title }) =>
    h("span", { className: `badge badge-${tone || "secondary"} s2p-tag`, title }, children);

  Object.assign(s2p.parts, {
    Toolbar,
    SelectionBar,
    Row,
    Rows,
    Tag,
    useOpen,
    useConfirm,
    sceneIds,
    useSceneList,
    AllButton,
    NOT_COMPARED,
    NoRows,
  });
})();
