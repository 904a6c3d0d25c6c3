// @ts-check
// Two values of a field side by side, with what differs marked by shape as well as by colour.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, text } = s2p;

  /** @param {{children?: any}} props */
  const Nothing = ({ children }) => h("span", { className: "s2p-nothing" }, children || "empty");

  /** Entries of a list as labels; those of one side only are marked.
   * @param {{rows: import("./types").Piece[], sign: string, hint: string}} props
   */
  function Labels({ rows, sign, hint }) {
    if (rows.length === 0) return h(Nothing, null);
    return h(
      "ul",
      { className: "s2p-labels" },
      rows.map((row, place) =>
        h(
          "li",
          {
            key: place,
            className: `badge badge-secondary ${row.only ? "s2p-only" : ""}`,
            title: row.only ? hint : undefined,
          },
          row.only ? h("span", { "aria-label": hint, role: "img" }, `${sign} `) : null,
          row.text
        )
      )
    );
  }

  /** A text in pieces, those marked that the other side does not have.
   * @param {{rows: import("./types").Piece[]}} props
   */
  function Pieces({ rows }) {
    if (rows.every((row) => row.text === "")) return h(Nothing, null);
    return h(
      "span",
      { className: "s2p-text" },
      rows.map((row, place) =>
        row.only && row.text.trim()
          ? h("mark", { key: place }, row.text)
          : h("span", { key: place }, row.text)
      )
    );
  }

  /**
   * Both values as they are to be shown.
   * @param {import("./types").Value} left
   * @param {import("./types").Value} right
   * @param {string} [signs] what stands before an entry of the left, and of the right, alone
   * @param {[string, string]} [hints]
   */
  function sides(left, right, signs, hints) {
    const [first, second] = signs || "+−";
    const [here, there] = hints || ["Only in Stash", "Only in Plex"];
    if (Array.isArray(left) || Array.isArray(right)) {
      const [a, b] = text.listDifference(text.entries(left), text.entries(right));
      return [
        h(Labels, { rows: a, sign: first, hint: here }),
        h(Labels, { rows: b, sign: second, hint: there }),
      ];
    }
    const [a, b] = text.textDifference(text.entries(left).join(""), text.entries(right).join(""));
    return [h(Pieces, { rows: a }), h(Pieces, { rows: b })];
  }

  /**
   * All fields of a scene, in Stash and in Plex.
   * @param {{fields: import("./types").FieldRow[]}} props
   */
  function Comparison({ fields }) {
    return h(
      "table",
      { className: "s2p-compare" },
      h(
        "thead",
        null,
        h("tr", null, ["Field", "In Stash", "In Plex"].map((name) => h("th", { key: name }, name)))
      ),
      h(
        "tbody",
        null,
        fields.map((field) => {
          const [left, right] = sides(field.stash, field.plex);
          return h(
            "tr",
            { key: field.name, className: field.differs ? "s2p-differs" : "" },
            h(
              "th",
              { scope: "row" },
              field.label,
              field.differs ? h("span", { className: "s2p-flag" }, "differs") : null,
              field.kept ? h("span", { className: "s2p-flag" }, "your edit, kept") : null
            ),
            h("td", { "data-side": "In Stash" }, left),
            h("td", { "data-side": "In Plex" }, right)
          );
        })
      )
    );
  }

  const KINDS = /** @type {Record<string, string>} */ ({
    set: "changes",
    clear: "is emptied",
    add: "gets entries",
    remove: "loses entries",
    picture: "new picture",
  });

  /**
   * What a run changes, or has changed, of one scene.
   * @param {{changes: import("./types").Change[], plex?: any, losses?: boolean}} props losses: what
   *   would go is told, and not what stays
   */
  function Changes({ changes, plex, losses }) {
    const columns = losses ? ["Field", "Would go"] : ["Field", "Before", "After"];
    return h(
      "table",
      { className: "s2p-compare" },
      h(
        "thead",
        null,
        h("tr", null, columns.map((name) => h("th", { key: name }, name)))
      ),
      h(
        "tbody",
        null,
        changes.flatMap((change, place) => {
          const hints = /** @type {[string, string]} */ (["Taken away", "Added"]);
          const [left, right] = sides(change.before, change.after, "−+", hints);
          const kind = change.kind ? KINDS[change.kind] || "" : "";
          const before = changes[place - 1];
          const item = placeOf(change, plex);
          const isNext = before && before.rating_key === change.rating_key;
          const row = h(
            "tr",
            { key: place, className: change.undone ? "s2p-undone" : "" },
            h(
              "th",
              { scope: "row" },
              change.label,
              kind ? h("span", { className: "s2p-flag" }, kind) : null,
              change.undone ? h("span", { className: "s2p-flag" }, "taken back") : null,
              change.why ? h("small", { className: "d-block text-muted" }, change.why) : null
            ),
            h("td", { "data-side": columns[1] }, left),
            losses ? null : h("td", { "data-side": columns[2] }, right)
          );
          if (isNext || !item) return [row];
          const head = h("th", { scope: "rowgroup", colSpan: 3 }, item);
          return [h("tr", { key: `item ${place}`, className: "s2p-item" }, head), row];
        })
      )
    );
  }

  /** The item that a change is of; null where that is not told.
   * @param {import("./types").Change} change @param {any} plex */
  function placeOf(change, plex) {
    if (!change.rating_key) return null;
    const title = change.item_title || `item ${change.rating_key}`;
    const label = change.library ? `${title} in ${change.library}` : title;
    return h(s2p.parts.PlexLink, { plex, ratingKey: change.rating_key, label });
  }

  Object.assign(s2p.parts, { Comparison, Changes, sides });
})();
