// @ts-check
// One scene in Stash and in Plex: on its own page in Stash, and in the rows of gaps.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, server, text } = s2p;
  const { Button, Shown, Tag, PlexLink } = parts;

  const STATES = /** @type {Record<string, [string, string]>} */ ({
    in_step: ["success", "In step"],
    differs: ["warning", "Differs"],
    missing: ["danger", "Not in Plex"],
    ambiguous: ["warning", "Several items fit"],
    ignored: ["secondary", "Ignored"],
    outside: ["secondary", "Not synced"],
    no_metadata: ["secondary", "No metadata in Stash"],
    unknown: ["secondary", "Not synced"],
  });

  const ACTIONS = /** @type {Record<string, [string, string]>} */ ({
    sync: ["Sync now", "sync_scenes"],
    retry: ["Try again", "retry_dlq"],
    ignore: ["Ignore", "ignore_scenes"],
    unignore: ["Stop ignoring", "unignore_scenes"],
  });

  /** @param {{sceneId: string, action: any, actions: string[], pinned: boolean, calm: boolean}} props
   *   calm: nothing has to be done
   */
  function SceneActions({ sceneId, action, actions, pinned, calm }) {
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
              kind: name === "sync" && !calm ? "primary" : "secondary",
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

  /** What an item of Plex is called where nobody knows its title. @param {any} item */
  const itemName = (item) =>
    item.title || String(item.path || "").split(/[\\/]/).pop() || `item ${item.rating_key}`;

  /** Say which item a scene is. @param {any} action @param {string} sceneId @param {any} item */
  const pin = (action, sceneId, item) =>
    action.run(`pin ${item.rating_key}`, async () => {
      const place = item.section ? { section: item.section } : {};
      const args = Object.assign({ scene_id: sceneId, rating_key: item.rating_key }, place);
      await server.operation("pin", args);
      return { text: `The scene is pinned to '${itemName(item)}' and will be synced to it.` };
    });

  /** For a scene that nothing is found for: the number of its item. @param {any} props */
  function PinByNumber({ sceneId, action }) {
    const [key, setKey] = React.useState("");
    const id = `s2p-pin-${sceneId}`;
    return h(
      "form",
      {
        className: "s2p-buttons",
        onSubmit: (/** @type {any} */ event) => {
          event.preventDefault();
          if (key && !action.busy) pin(action, sceneId, { rating_key: key });
        },
      },
      h("label", { htmlFor: id, className: "mb-0" }, "It is the item with the number"),
      h("input", {
        id,
        className: "form-control form-control-sm text-input bg-secondary text-white s2p-number-input",
        inputMode: "numeric",
        "aria-describedby": `${id}-help`,
        value: key,
        onChange: (/** @type {any} */ event) => setKey(event.target.value.replace(/\D/g, "")),
      }),
      h(Button, { kind: "secondary", type: "submit", disabled: !key || Boolean(action.busy) }, "Pin it"),
      h(
        "small",
        { id: `${id}-help`, className: "text-muted w-100" },
        "The number behind metadata%2F in the address of the item's page in Plex."
      )
    );
  }

  /** The items of Plex that a scene may be. @param {any} props */
  function Candidates({ sceneId, candidates, plex, action }) {
    if (!candidates || candidates.length === 0) return null;
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
              h(PlexLink, { plex, ratingKey: item.rating_key, label: itemName(item) }),
              h("small", { className: "d-block text-muted" }, item.library),
              h("code", { className: "s2p-path" }, item.path)
            ),
            h(
              Button,
              {
                kind: "primary",
                busy: action.busy === `pin ${item.rating_key}`,
                disabled: Boolean(action.busy),
                "aria-label": `This one: ${itemName(item)} in ${item.library}`,
                onClick: () => pin(action, sceneId, item),
              },
              "This one"
            )
          )
        )
      )
    );
  }

  /** @param {{scene: any}} props */
  function Waits({ scene }) {
    if (!scene.held) {
      return scene.queued
        ? h("p", { className: "text-muted" }, "It waits to be synced.")
        : null;
    }
    const link = h(parts.ViewLink, { view: "held" }, "see what is held");
    return h("p", null, "It is held back until you confirm: ", link, ".");
  }

  /** The scene's items in Plex. @param {{scene: any}} props */
  const Items = ({ scene }) =>
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
            label: `${itemName(item)} in ${item.library}`,
          })
        )
      )
    );

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
          ? h("h3", { className: "h5" }, h(Tag, { tone }, label), " ", ["in_step", "unknown"].includes(scene.state) ? "" : scene.headline)
          : null,
        scene.reason && scene.reason !== reason && !(reason && scene.candidates.length > 0) ? h("p", null, text.asSentence(scene.reason)) : null,
        h(Waits, { scene }),
        h(SceneActions, {
          sceneId,
          action,
          actions: (scene.actions || []).filter(
            (/** @type {string} */ name) => !(without || []).includes(name)
          ),
          pinned: Boolean(scene.pinned),
          calm: scene.state === "in_step",
        }),
        h(Candidates, {
          sceneId,
          action,
          plex: scene.plex,
          candidates: scene.candidates,
        }),
        (scene.actions || []).includes("pin") && scene.candidates.length === 0
          ? h(PinByNumber, { sceneId, action })
          : null,
        h(Items, { scene }),
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
