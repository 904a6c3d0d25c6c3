// @ts-check
// One setting: its name, what it does, how it is typed, what is wrong with it.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, parts } = s2p;
  const { Tag } = parts;

  const SOURCES = /** @type {Record<string, string>} */ ({
    environment: "from Stash's environment",
    token_file: "kept in the plugin's own file",
  });

  /** A value as the text that is typed. @param {unknown} value */
  function asText(value) {
    if (value === null || value === undefined) return "";
    return Array.isArray(value) ? value.join(", ") : String(value);
  }

  const CHOICES = /** @type {Record<string, string>} */ ({
    "24h": "The last 24 hours",
    "7days": "The last 7 days",
    gaps: "Gaps that a reconcile found",
    dead_letter: "A scene was given up on",
    outage: "Plex does not answer",
    guard: "Something is held back",
  });

  /** @param {string} choice */
  const choiceLabel = (choice) =>
    CHOICES[choice] || `${choice.slice(0, 1).toUpperCase()}${choice.slice(1)}`;

  /** A value in words. @param {import("./types").SettingRow} row @param {unknown} value */
  function inWords(row, value) {
    if (row.kind === "switch") return value ? "on" : "off";
    if (row.kind === "secret") return row.is_set ? "set" : "not set";
    if (row.choices && value) return listed(value).map(choiceLabel).join(", ");
    return row.choices ? "All" : asText(value) || "empty";
  }

  /** @param {unknown} value several words, with commas between them */
  const listed = (value) => asText(value).split(",").map((each) => each.trim()).filter(Boolean);

  /** Some of several: all are ticked where none is named, and the last one stays.
   * @param {{id: string, choices: string[], value: unknown, onChange: (value: unknown) => void}} props
   */
  function Some({ id, choices, value, onChange }) {
    const named = listed(value);
    const chosen = choices.filter((each) => named.length === 0 || named.includes(each));
    /** @param {string} choice */
    const toggle = (choice) => {
      const now = choices.filter((each) => chosen.includes(each) !== (each === choice));
      onChange(now.length === choices.length ? "" : now.join(", "));
    };
    return h(
      "div",
      { role: "group", "aria-labelledby": `${id}-name`, "aria-describedby": `${id}-help` },
      choices.map((choice) =>
        h(
          "label",
          { key: choice, className: "s2p-tick-all" },
          h("input", {
            type: "checkbox",
            checked: chosen.includes(choice),
            disabled: chosen.length === 1 && chosen[0] === choice,
            onChange: () => toggle(choice),
          }),
          choiceLabel(choice)
        )
      )
    );
  }

  /**
   * @param {{row: import("./types").SettingRow, value: unknown, onChange: (value: unknown) => void}} props
   */
  function Input({ row, value, onChange }) {
    const id = `s2p-setting-${row.key}`;
    const common = {
      id,
      "aria-describedby": `${id}-help`,
      className: "form-control form-control-sm text-input bg-secondary text-white",
    };
    /** @param {any} event */
    const typed = (event) => onChange(event.target.value);
    if (row.kind === "switch") {
      return h(
        "div",
        { className: "custom-control custom-switch" },
        h("input", {
          id,
          type: "checkbox",
          role: "switch",
          className: "custom-control-input",
          "aria-labelledby": `${id}-name`,
          "aria-describedby": `${id}-help`,
          checked: Boolean(value),
          onChange: (/** @type {any} */ event) => onChange(event.target.checked),
        }),
        h("label", { className: "custom-control-label", htmlFor: id }, value ? "On" : "Off")
      );
    }
    if (row.kind === "choice") {
      return h(
        "select",
        Object.assign({ value: asText(value), onChange: typed }, common),
        (row.choices || []).map((choice) => h("option", { key: choice, value: choice }, choiceLabel(choice)))
      );
    }
    if (row.choices) return h(Some, { id, choices: row.choices, value, onChange });
    if (row.kind === "rules" || row.kind === "path_map") {
      return h("textarea", Object.assign({ rows: 2, value: asText(value), onChange: typed }, common));
    }
    const secret = row.kind === "secret";
    return h(
      "input",
      Object.assign(
        {
          // No number input: it hides what it cannot read, and the plugin says what is wrong.
          type: secret ? "password" : "text",
          inputMode: row.kind === "number" ? "decimal" : undefined,
          autoComplete: "off",
          placeholder: secret && row.is_set ? "set; type to replace it" : asText(row.default),
          value: asText(value),
          onChange: typed,
        },
        common
      )
    );
  }

  /** @param {{row: import("./types").SettingRow, edits: any, edit: any, problem: string, test: any}} props */
  function Setting({ row, edits, edit, problem, test }) {
    const id = `s2p-setting-${row.key}`;
    const edited = row.key in edits;
    const value = edited ? (edits[row.key] === null ? row.default : edits[row.key]) : row.value;
    const missing = row.required && !row.is_set && !asText(value);
    const limits =
      row.min !== undefined && row.max !== undefined ? ` From ${row.min} to ${row.max}.` : "";
    return h(
      "div",
      {
        className: `s2p-setting s2p-setting-${row.kind} ${problem ? "s2p-setting-wrong" : ""}`,
        "data-key": row.key,
      },
      h(
        "div",
        { className: "s2p-setting-about" },
        // Beside a switch stands its state; that is what is clicked.
        row.kind === "switch" || (row.kind === "list" && row.choices)
          ? h("strong", { id: `${id}-name` }, row.label)
          : h("label", { htmlFor: id }, row.label),
        " ",
        missing ? h(Tag, { tone: "warning" }, "required") : null,
        edited
          ? h(Tag, { tone: "info" }, "not saved yet")
          : row.is_default && row.kind !== "secret" && !missing
            ? h(Tag, null, "default")
            : null,
        SOURCES[row.source] ? h(Tag, null, SOURCES[row.source]) : null,
        h("div", { id: `${id}-help`, className: "sub-heading" }, row.help, limits)
      ),
      h(
        "div",
        { className: "s2p-setting-value" },
        h(Input, { row, value, onChange: (/** @type {unknown} */ now) => edit(row.key, now) }),
        problem ? h("div", { role: "alert", className: "text-danger" }, problem) : null,
        !row.is_default && row.kind !== "secret" && edits[row.key] !== null
          ? h(
              "button",
              {
                type: "button",
                className: "btn btn-link btn-sm s2p-reset",
                "aria-label": `Back to the default: ${inWords(row, row.default)} (${row.label})`,
                onClick: () => edit(row.key, null),
              },
              `Back to the default: ${inWords(row, row.default)}`
            )
          : null,
        test || null
      )
    );
  }

  Object.assign(s2p.parts, { Setting, asText, inWords });
})();
