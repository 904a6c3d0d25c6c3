// @ts-check
// Settings: the values that count, in groups, checked before they are saved.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, server, text } = s2p;
  const { Button, Shown, Tag } = parts;

  const SOURCES = /** @type {Record<string, string>} */ ({
    environment: "from Stash's environment",
    token_file: "kept in the plugin's own file",
  });

  /** A value as the text that is typed. @param {unknown} value */
  function asText(value) {
    if (value === null || value === undefined) return "";
    return Array.isArray(value) ? value.join(", ") : String(value);
  }

  /** A value in words. @param {import("../types").SettingRow} row @param {unknown} value */
  function inWords(row, value) {
    if (row.kind === "switch") return value ? "on" : "off";
    if (row.kind === "secret") return row.is_set ? "set" : "not set";
    return asText(value) || "empty";
  }

  /**
   * @param {{row: import("../types").SettingRow, value: unknown, onChange: (value: unknown) => void}} props
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
        (row.choices || []).map((choice) => h("option", { key: choice, value: choice }, choice))
      );
    }
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

  /** @param {{row: import("../types").SettingRow, edits: any, edit: any, problem: string, test: any}} props */
  function Setting({ row, edits, edit, problem, test }) {
    const id = `s2p-setting-${row.key}`;
    const edited = row.key in edits;
    const value = edited ? (edits[row.key] === null ? row.default : edits[row.key]) : row.value;
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
        row.kind === "switch"
          ? h("strong", { id: `${id}-name` }, row.label)
          : h("label", { htmlFor: id }, row.label),
        " ",
        row.required && !row.is_set && !asText(value) ? h(Tag, { tone: "warning" }, "required") : null,
        edited
          ? h(Tag, { tone: "info" }, "not saved yet")
          : row.is_default && row.kind !== "secret"
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

  /** Tests of what is typed, beside the setting they belong to. @param {any} props */
  function Test({ name, values, hasToken, edit, reload }) {
    const trying = parts.useConnection(
      name === "plex_token" ? values.plex_url : "",
      values.plex_token,
      hasToken
    );
    if (name === "plex_url") {
      const onUrl = (/** @type {string} */ url) => edit("plex_url", url);
      return h(
        "div",
        { className: "s2p-tests" },
        h(parts.SignIn, { onUrl, onDone: reload }),
        h(parts.Discover, { onUrl })
      );
    }
    if (name === "plex_token") return h(parts.ConnectionResult, { state: trying });
    if (name === "path_map") {
      return h(parts.Folders, { onMap: (/** @type {string} */ map) => edit("path_map", map) });
    }
    if (name === "tag_rules") {
      const { tag_rules: rules, collection_min_items: least } = values;
      return h(parts.Rules, { rules, least });
    }
    return null;
  }

  const TESTED = ["plex_url", "plex_token", "path_map", "tag_rules"];

  /** What was typed and not saved, and what is wrong with it.
   * @param {any} data what `page_settings` has answered
   * @param {() => void} reload
   */
  function useEdits(data, reload) {
    const [edits, setEdits] = React.useState(/** @type {Record<string, unknown>} */ ({}));
    const [problems, setProblems] = React.useState(/** @type {any[]} */ (data.problems || []));
    const action = hooks.useAction();
    /** @type {import("../types").SettingRow[]} */
    const rows = data.groups.flatMap((/** @type {any} */ group) => group.settings);
    const edit = (/** @type {string} */ key, /** @type {unknown} */ value) => {
      const row = rows.find((each) => each.key === key);
      const next = Object.assign({}, edits, { [key]: value });
      if (row && value === row.value) delete next[key];
      setEdits(next);
      setProblems(problems.filter((problem) => problem.key !== key));
    };
    const save = () =>
      action.run("save", async () => {
        const answer = await server.operation("save_settings", { values: edits });
        const wrong = answer.problems || [];
        setProblems(wrong);
        // What makes sense is saved, also where something else does not.
        const refused = new Set(wrong.map((/** @type {any} */ problem) => problem.key));
        setEdits(Object.fromEntries(Object.entries(edits).filter(([key]) => refused.has(key))));
        server.forgetConfiguration();
        reload();
        if (wrong.length > 0) throw new Error(answer.text);
        return answer;
      });
    /** A value as it is typed now. @param {string} key */
    const valueOf = (key) => {
      const row = rows.find((each) => each.key === key);
      return asText(key in edits ? edits[key] : row && row.value);
    };
    const discard = () => setEdits({});
    return { rows, edits, edit, save, discard, valueOf, problems, busy: action.busy };
  }

  /** @param {{group: any, form: any, reload: () => void}} props */
  function Group({ group, form, reload }) {
    const token = form.rows.find((/** @type {any} */ row) => row.key === "plex_token");
    const values = Object.fromEntries(
      ["plex_url", "plex_token", "tag_rules", "collection_min_items"].map((key) => [
        key,
        form.valueOf(key),
      ])
    );
    const hasToken = Boolean(token && token.is_set);
    const { edits, edit, problems } = form;
    /** @param {string} key */
    const problemOf = (key) =>
      problems
        .filter((/** @type {any} */ problem) => problem.key === key)
        .map((/** @type {any} */ problem) => problem.text)
        .join(" ");
    /** @param {string} name */
    const test = (name) => h(Test, { name, values, hasToken, edit, reload });
    return h(
      "section",
      { className: "card s2p-group", "aria-labelledby": `s2p-${group.name}` },
      h("h2", { className: "h5", id: `s2p-${group.name}` }, group.title),
      group.help ? h("p", { className: "text-muted" }, group.help) : null,
      h(
        "div",
        { className: "s2p-group-rows" },
        group.settings.map((/** @type {import("../types").SettingRow} */ row) =>
          h(Setting, {
            key: row.key,
            row,
            edits,
            edit,
            problem: problemOf(row.key),
            test: TESTED.includes(row.key) ? test(row.key) : null,
          })
        )
      )
    );
  }

  /** @param {{form: any}} props */
  function SaveBar({ form }) {
    const changed = Object.keys(form.edits).length;
    if (changed === 0) return null;
    return h(
      "div",
      { className: "s2p-save" },
      h("span", null, `${text.plural(changed, "setting")} not saved yet.`),
      h(
        Button,
        { kind: "secondary", disabled: Boolean(form.busy), onClick: form.discard },
        "Discard"
      ),
      h(Button, { type: "submit", busy: form.busy === "save" }, "Save")
    );
  }

  /** @param {{data: any, reload: () => void}} props */
  function Form({ data, reload }) {
    const form = useEdits(data, reload);
    const [wanted, setWanted] = React.useState("");
    const shown = found(data.groups, wanted);
    const known = new Set(form.rows.map((row) => row.key));
    return h(
      "form",
      {
        className: "s2p-form",
        onSubmit: (/** @type {any} */ event) => {
          event.preventDefault();
          if (Object.keys(form.edits).length > 0 && !form.busy) form.save();
        },
      },
      h(
        parts.Toolbar,
        null,
        h(parts.SearchBox, { label: "Find a setting", value: wanted, onChange: setWanted }),
        data.connected_as ? h("span", null, `Connected to Plex as ${data.connected_as}.`) : null
      ),
      form.problems
        .filter((problem) => !known.has(problem.key))
        .map((problem, place) =>
          h("p", { key: place, role: "alert", className: "text-danger" }, problem.text)
        ),
      shown.map((group) => h(Group, { key: group.name, group, form, reload })),
      shown.length === 0 ? h(parts.Empty, { title: "No setting is called so." }) : null,
      h(SaveBar, { form })
    );
  }

  /** The groups with those settings whose words hold what is looked for.
   * @param {any[]} groups @param {string} wanted
   */
  function found(groups, wanted) {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (/** @type {import("../types").SettingRow} */ row) => {
      const said = `${row.key} ${row.label} ${row.help}`.toLowerCase();
      return words.every((word) => said.includes(word));
    };
    return groups
      .map((group) => Object.assign({}, group, { settings: group.settings.filter(fits) }))
      .filter((group) => group.settings.length > 0);
  }

  function Settings() {
    const read = hooks.useRead("page_settings");
    return h(Shown, { read }, (/** @type {any} */ data) => h(Form, { data, reload: read.reload }));
  }

  /** The true values, to be read, for the plugin's place in Stash's own settings. */
  function SettingValues() {
    const read = hooks.useRead("page_settings");
    return h(Shown, { read }, (/** @type {any} */ data) =>
      data.groups.map((/** @type {any} */ group) =>
        h(
          "section",
          { key: group.name, className: "s2p-values" },
          h("h4", { className: "h6" }, group.title),
          h(
            "dl",
            null,
            group.settings.map((/** @type {import("../types").SettingRow} */ row) =>
              h(
                "div",
                { key: row.key },
                h("dt", null, row.label),
                h(
                  "dd",
                  null,
                  inWords(row, row.value),
                  row.is_default && row.kind !== "secret"
                    ? h("small", { className: "text-muted" }, " (default)")
                    : null
                )
              )
            )
          )
        )
      )
    );
  }

  s2p.views.settings = Settings;
  Object.assign(s2p.parts, { SettingValues });
})();
