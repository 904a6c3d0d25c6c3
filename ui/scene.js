// @ts-check
// One scene in Stash and in Plex: on its own page in Stash, and in the rows of gaps.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { h, hooks, parts, server, text } = s2p;
  const { Button, Shown, Tag, PlexLink } = parts;

  const STATES = /** @type {Record<string, [string, string]>} */ ({
    in_step: ["success", "In step"],
    differs: ["warning", "Differs"],
    missing: ["danger", "Not in Plex"],
    ambiguous: ["warning", "Several items fit"],
    ignored: ["secondary", "Ignored"],
    outside: ["secondary", "Not synced"],
    no_metadata: ["secondary", "No metadata in Stash"],
    unknown: ["secondary", "Not known yet"],
  });

  const ACTIONS = /** @type {Record<string, [string, string]>} */ ({
    sync: ["Sync now", "sync_scenes"],
    retry: ["Try again", "retry_dlq"],
    ignore: ["Ignore", "ignore_scenes"],
    unignore: ["Stop ignoring", "unignore_scenes"],
  });

  /** @param {{sceneId: string, action: any, actions: string[], pinned: boolean}} props */
  function SceneActions({ sceneId, action, actions, pinned }) {
    /** @param {string} mode @param {object} args */
    const run = (mode, args) =>
      action.run(mode, () => server.operation(mode, Object.assign({ scene_ids: [sceneId] }, args)));
    const unpin = () =>
      action.run("unpin", async () => {
        await server.operation("unpin", { scene_id: sceneId });
        return { text: "The pin is taken back; the next sync decides by the files again." };
      });
    return h(
      "div",
      { className: "s2p-buttons" },
      Object.entries(ACTIONS)
        .filter(([name]) => actions.includes(name))
        .map(([name, [label, mode]]) =>
          h(
            Button,
            {
              key: name,
              kind: name === "sync" ? "primary" : "secondary",
              busy: action.busy === mode,
              disabled: Boolean(action.busy),
              onClick: () => run(mode, {}),
            },
            label
          )
        ),
      pinned
        ? h(
            Button,
            { kind: "secondary", onClick: unpin, disabled: Boolean(action.busy) },
            "Take the pin back"
          )
        : null
    );
  }

  /** The items of Plex that a scene may be. @param {any} props */
  function Candidates({ sceneId, candidates, plex, action }) {
    if (!candidates || candidates.length === 0) return null;
    /** @param {any} item */
    const pin = (item) =>
      action.run(`pin ${item.rating_key}`, async () => {
        const args = { scene_id: sceneId, rating_key: item.rating_key, section: item.section };
        await server.operation("pin", args);
        return { text: `The scene is pinned to '${item.title}' and will be synced to it.` };
      });
    return h(
      "div",
      null,
      h("h4", { className: "h6" }, "Which of these is it?"),
      h(
        "ul",
        { className: "list-unstyled s2p-candidates" },
        candidates.map((/** @type {any} */ item) =>
          h(
            "li",
            { key: `${item.section}/${item.rating_key}` },
            h(
              "div",
              null,
              h(PlexLink, { plex, ratingKey: item.rating_key, label: item.title }),
              h("small", { className: "d-block text-muted" }, item.library),
              h("code", { className: "s2p-path" }, item.path),
              item.why ? h("small", { className: "d-block" }, item.why) : null
            ),
            h(
              Button,
              {
                kind: "primary",
                busy: action.busy === `pin ${item.rating_key}`,
                disabled: Boolean(action.busy),
                "aria-label": `This one: ${item.title} in ${item.library}`,
                onClick: () => pin(item),
              },
              "This one"
            )
          )
        )
      )
    );
  }

  /**
   * @param {{sceneId: string, onChange?: () => void, whole?: boolean, reason?: string,
   *   without?: string[]}} props reason, without: what stands beside it already
   */
  function SceneState({ sceneId, onChange, whole, reason, without }) {
    const read = hooks.useRead("page_scene", { scene_id: sceneId });
    const action = hooks.useAction(() => {
      read.reload();
      if (onChange) onChange();
    });
    s2p.work.useReloadAfterWork(read.reload);
    return h(Shown, { read }, (/** @type {any} */ scene) => {
      const [tone, label] = STATES[scene.state] || STATES.unknown;
      const differing = scene.fields.filter((/** @type {any} */ field) => field.differs);
      const fields = differing.length > 0 && !whole ? differing : scene.fields;
      return h(
        "div",
        { className: "s2p-scene" },
        whole
          ? h("h3", { className: "h5" }, h(Tag, { tone }, label), " ", scene.headline)
          : null,
        scene.reason && scene.reason !== reason ? h("p", null, text.asSentence(scene.reason)) : null,
        scene.queued ? h("p", { className: "text-muted" }, "It waits to be synced.") : null,
        h(SceneActions, {
          sceneId,
          action,
          actions: (scene.actions || []).filter(
            (/** @type {string} */ name) => !(without || []).includes(name)
          ),
          pinned: Boolean(scene.pinned),
        }),
        h(Candidates, {
          sceneId,
          action,
          plex: scene.plex,
          candidates: scene.state === "ambiguous" || whole ? scene.candidates : [],
        }),
        h(
          "ul",
          { className: "list-unstyled s2p-items" },
          scene.items.map((/** @type {any} */ item) =>
            h(
              "li",
              { key: `${item.section}/${item.rating_key}` },
              h(PlexLink, {
                plex: scene.plex,
                ratingKey: item.rating_key,
                label: `${item.title} in ${item.library}`,
              })
            )
          )
        ),
        fields.length > 0 ? h(parts.Comparison, { fields }) : null,
        !whole && differing.length > 0 && differing.length < scene.fields.length
          ? h(
              "p",
              { className: "text-muted small mb-0" },
              `All other fields agree (${scene.fields.length - differing.length}).`
            )
          : null
      );
    });
  }

  Object.assign(s2p.parts, { SceneState });
})();
