// @ts-check
// Log: the plugin's own last lines, newest first, and the support bundle.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, server, text } = s2p;
  const { Button, Empty, Pager, SearchBox, Select, Shown, Toolbar } = parts;

  const LEVELS = [
    ["debug", "From debug on"],
    ["info", "From info on"],
    ["warning", "Warnings and errors"],
    ["error", "Errors"],
  ].map(([value, label]) => ({ value, label }));

  /** The support bundle, to be looked at before it is copied. @param {{onClose: () => void}} props */
  function Bundle({ onClose }) {
    const read = hooks.useRead("page_support");
    const area = React.useRef(/** @type {any} */ (null));
    const [copied, setCopied] = React.useState("");
    const copy = async () => {
      area.current.select();
      try {
        // Only https and localhost have a clipboard; elsewhere the older way works.
        if (navigator.clipboard) await navigator.clipboard.writeText(read.data.text);
        else document.execCommand("copy");
        setCopied("It is copied.");
      } catch (error) {
        setCopied("The browser does not let it be copied; the text is selected, press Ctrl+C.");
      }
    };
    return h(
      s2p.api.libraries.Bootstrap.Modal,
      { show: true, onHide: onClose, size: "xl", "aria-labelledby": "s2p-bundle", className: "s2p-modal" },
      h(
        "div",
        { className: "modal-header" },
        h("h2", { className: "h5 modal-title", id: "s2p-bundle" }, "Support bundle")
      ),
      h(
        "div",
        { className: "modal-body" },
        h(
          "p",
          null,
          "Versions, settings without secrets, the state and the last lines of the log. Read it before you share it."
        ),
        h(Shown, { read }, (/** @type {any} */ data) =>
          h("textarea", {
            ref: area,
            className: "form-control text-input bg-secondary s2p-bundle",
            readOnly: true,
            rows: 16,
            "aria-label": "Support bundle",
            value: data.text,
          })
        )
      ),
      h(
        "div",
        { className: "modal-footer" },
        h("span", { role: "status", className: "mr-auto" }, copied),
        h(Button, { kind: "secondary", size: "big", onClick: onClose }, "Close"),
        h(Button, { size: "big", disabled: !read.data, onClick: copy }, "Copy")
      )
    );
  }

  /** @param {{task?: string}} of a run or a line */
  const taskOf = ({ task }) => (task ? server.title(task) : "Hook");

  /** @param {{filters: any, read: any, onBundle: () => void}} props */
  function Filters({ filters, read, onBundle }) {
    const { values, set } = filters;
    const runs = (read.data && read.data.runs) || [];
    /** @param {string} name @param {string} all @param {any} options */
    const select = (name, all, options) =>
      h(Select, {
        label: all,
        all,
        value: values[name],
        options,
        onChange: (/** @type {string} */ value) => set(name, value),
      });
    return h(
      Toolbar,
      { total: read.data && read.data.total, what: "line" },
      h(SearchBox, {
        label: "Text",
        value: values.text,
        onChange: (/** @type {string} */ value) => set("text", value),
      }),
      select(
        "run",
        "All runs",
        runs.map((/** @type {any} */ run) => ({
          value: String(run.run),
          label: `${taskOf(run)}, ${text.ago(run.at)}`,
        }))
      ),
      select("level", "All levels", LEVELS),
      h(Button, { kind: "secondary", onClick: read.reload, busy: read.loading }, "Refresh"),
      h(Button, { kind: "secondary", onClick: onBundle }, "Support bundle")
    );
  }

  /** The line of a run, below the run's name where another one stands before it.
   * @param {{row: any, first: boolean}} props
   */
  const Line = ({ row, first }) =>
    h(
      "li",
      { className: `s2p-log-${row.level}` },
      first
        ? h("h3", { className: "h6" }, taskOf(row), ", ", h(parts.Ago, { at: row.at }))
        : null,
      h("time", { title: text.moment(row.at) }, new Date(row.at * 1000).toLocaleTimeString()),
      h("span", { className: "s2p-level" }, row.level),
      h("span", { className: "s2p-line-text" }, row.text)
    );

  function Log() {
    const filters = hooks.useFilters(["run", "level", "text"]);
    const read = hooks.useRead("page_log", Object.assign({ per_page: 100 }, filters.args));
    const [bundle, setBundle] = React.useState(false);
    s2p.work.useReloadAfterWork(read.reload);
    const filtered = Object.values(filters.values).some(Boolean);
    const none = h(
      Empty,
      { title: "No lines." },
      filtered
        ? h(Button, { kind: "secondary", onClick: filters.clear }, "Clear filters")
        : "The plugin has not written anything yet."
    );
    return h(
      "div",
      null,
      bundle ? h(Bundle, { onClose: () => setBundle(false) }) : null,
      h(Filters, { filters, read, onBundle: () => setBundle(true) }),
      h(Shown, { read }, (/** @type {any} */ { rows, total, page, per_page }) =>
        rows.length === 0
          ? none
          : h(
              "div",
              null,
              h(
                "ol",
                { className: "list-unstyled s2p-log" },
                rows.map((/** @type {any} */ row, /** @type {number} */ place) =>
                  h(Line, { key: place, row, first: !place || rows[place - 1].run !== row.run })
                )
              ),
              h(Pager, { total, page, perPage: per_page, turn: filters.turn })
            )
      )
    );
  }

  s2p.views.log = Log;
})();
