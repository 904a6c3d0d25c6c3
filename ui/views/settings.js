// @ts-check
// Settings: the values that count, in groups, checked before they are saved.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, server, text } = s2p;
  const { Button, Setting, Shown, asText, inWords } = parts;

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
      return h(parts.Folders, {
        onMap: (/** @type {string} */ map) => edit("path_map", map),
        pathMap: values.path_map,
        libraries: values.plex_library,
      });
    }
    if (name === "tag_rules") {
      const { tag_rules: rules, collection_min_items: least } = values;
      return h(parts.Rules, { rules, least });
    }
    if (name === "notify_url") return h(parts.Notification, { url: values.notify_url });
    return null;
  }

  const TESTED = ["plex_url", "plex_token", "path_map", "tag_rules", "notify_url"];

  /** What was typed and not saved, and what is wrong with it.
   * @param {any} data what `page_settings` has answered
   * @param {() => void} reload
   */
  function useEdits(data, reload) {
    const [edits, setEdits] = React.useState(/** @type {Record<string, unknown>} */ ({}));
    const [problems, setProblems] = React.useState(/** @type {any[]} */ (data.problems || []));
    const action = hooks.useAction(undefined, true);
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
      TESTED.concat("collection_min_items", "plex_library").map((key) => [key, form.valueOf(key)])
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

  /** The names of the groups, to go to them. @param {{groups: any[]}} props */
  function Jumps({ groups }) {
    if (groups.length < 2) return null;
    const go = (/** @type {string} */ name) => {
      const heading = document.getElementById(`s2p-${name}`);
      if (heading && heading.parentElement) heading.parentElement.scrollIntoView();
    };
    return h(
      "div",
      { className: "s2p-jump", role: "group", "aria-label": "Go to" },
      groups.map((group) =>
        h(Button, { key: group.name, kind: "secondary", onClick: () => go(group.name) }, group.title)
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
    const { values, set } = hooks.useFilters(["text"]);
    const shown = found(data.groups, values.text);
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
        h(parts.SearchBox, {
          label: "Find a setting",
          value: values.text,
          onChange: (/** @type {string} */ words) => set("text", words),
        }),
        data.connected_as ? h("span", null, `Connected to Plex as ${data.connected_as}.`) : null
      ),
      h(Jumps, { groups: shown }),
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
