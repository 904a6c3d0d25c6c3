// @ts-check
// Where the page and its entries appear in Stash. Each place is tried on its own: a version of Stash
// that has none of them lacks that place, and nothing else.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts || !s2p.parts.Page) return;
  const { api, React, h, parts } = s2p;
  const { patch, libraries } = api;
  const { Link, NavLink } = libraries.ReactRouterDOM;
  const { Button, Nav, Tab } = libraries.Bootstrap;

  /** On a phone the entry is in a menu, which is to give way to the page as for Stash's own. */
  const closeMenu = () =>
    s2p.attempt(() => {
      const open = document.querySelector(".top-nav .navbar-collapse.show");
      const button = document.querySelector(".top-nav .navbar-toggler");
      if (open && button instanceof window.HTMLElement) button.click();
    });

  /** The entry in the navigation bar; Stash shows it twice, so it has no timers of its own. */
  function Entry() {
    const notice = s2p.tick.useMark().text;
    const label = notice ? `Stash2Plex: ${notice}` : "Stash2Plex";
    return h(
      NavLink,
      { className: "nav-utility", exact: true, to: s2p.path, onClick: closeMenu },
      h(
        Button,
        {
          className: "minimal d-flex align-items-center h-100 s2p-entry",
          title: label,
          "aria-label": label,
        },
        h(parts.Icon, { name: "sync" }),
        notice ? h("span", { className: "s2p-mark" }) : null
      )
    );
  }

  /** In Settings, Tools. From v0.29 on Stash has two sections of that name: once is enough. */
  function ToolsEntry() {
    return h(
      "div",
      { className: "setting s2p-tools", "data-s2p": "tools" },
      h(
        "div",
        null,
        h("h3", null, h(Link, { to: s2p.path }, h(Button, null, "Stash2Plex"))),
        h("div", { className: "sub-heading" }, "The state of the sync to Plex.")
      ),
      h("div", null)
    );
  }

  /** A link and the true values, in place of Stash's own rows, which know no defaults. */
  function OwnSettings() {
    return h(
      "div",
      { className: "s2p s2p-plugin-settings" },
      h(
        "div",
        { className: "setting" },
        h(
          "div",
          null,
          h("h3", null, "All settings are on Stash2Plex's own page"),
          h("div", { className: "sub-heading" }, "There they are checked before they are saved.")
        ),
        h(
          "div",
          null,
          h(parts.ViewLink, { view: "settings", className: "btn btn-primary btn-sm" }, "Settings"),
          " ",
          h(parts.ViewLink, { view: "overview", className: "btn btn-secondary btn-sm" }, "Overview")
        )
      ),
      parts.SettingValues ? h(parts.Guard, null, h(parts.SettingValues, null)) : null
    );
  }

  /** @param {any} children what a patch appends to */
  const withAfter = (children, /** @type {any} */ more) =>
    h(React.Fragment, null, children, more);

  s2p.attempt(() => api.register.route(s2p.path, parts.Page));
  s2p.attempt(() =>
    patch.before("MainNavBar.UtilityItems", (/** @type {any} */ props) => [
      Object.assign({}, props, { children: withAfter(props.children, h(Entry, null)) }),
    ])
  );
  s2p.attempt(() =>
    patch.before("SettingsToolsSection", (/** @type {any} */ props) => {
      // The first section has several entries of Stash's own, the second one only.
      const second = props.children && !Array.isArray(props.children);
      if (second) return [props];
      return [Object.assign({}, props, { children: withAfter(props.children, h(ToolsEntry, null)) })];
    })
  );
  s2p.attempt(() =>
    patch.instead("PluginSettings", (/** @type {any[]} */ ...all) => {
      const next = all[all.length - 1];
      const props = all[0];
      if (props.pluginID !== s2p.plugin) return next(...all.slice(0, -1));
      return h(OwnSettings, null);
    })
  );
  s2p.attempt(() =>
    patch.before("ScenePage.Tabs", (/** @type {any} */ props) => [
      Object.assign({}, props, {
        children: withAfter(
          props.children,
          h(Nav.Item, null, h(Nav.Link, { eventKey: "stash2plex-tab" }, "Plex"))
        ),
      }),
    ])
  );
  s2p.attempt(() =>
    patch.before("ScenePage.TabContent", (/** @type {any} */ props) => [
      Object.assign({}, props, {
        children: withAfter(
          props.children,
          // Only the tab that is looked at asks: each question starts a process.
          h(
            Tab.Pane,
            { eventKey: "stash2plex-tab", mountOnEnter: true, unmountOnExit: true },
            h(
              "div",
              { className: "s2p" },
              h(
                parts.Guard,
                null,
                h(parts.SceneState, {
                  key: props.scene && props.scene.id,
                  sceneId: String(props.scene && props.scene.id),
                  whole: true,
                })
              )
            )
          )
        ),
      }),
    ])
  );
  s2p.attempt(() => s2p.tick.start());
})();
