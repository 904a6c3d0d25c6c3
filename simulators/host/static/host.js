// Stash's frame in small: navigation bar, a scene's page, settings with tools and plugins, messages.
(function () {
  "use strict";
  const { React, ReactDOM, ReactRouterDOM: Router, ReactBootstrap } = window;
  const { routes, patchable, Toasts } = window.hostPage;
  const { Button, Nav, Tab } = ReactBootstrap;
  const h = React.createElement;
  const base = document.querySelector("base").getAttribute("href");
  const PLUGIN = "Stash2Plex";

  async function ask(query, variables) {
    const response = await fetch(`${base}graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()).data;
  }

  const UtilityItems = patchable("MainNavBar.UtilityItems", ({ children }) =>
    h(React.Fragment, null, children)
  );
  const ToolsSection = patchable("SettingsToolsSection", ({ children }) =>
    h("div", { className: "setting-section card" }, children)
  );
  const PluginSettings = patchable("PluginSettings", () =>
    h("div", { className: "setting" }, "Stash's own rows of settings.")
  );
  const SceneTabs = patchable("ScenePage.Tabs", ({ children }) =>
    h(Nav, { variant: "tabs", className: "mr-auto" }, children)
  );
  const SceneTabContent = patchable("ScenePage.TabContent", ({ children }) =>
    h(Tab.Content, null, children)
  );

  function Bar() {
    return h(
      "header",
      { className: "top-nav navbar navbar-dark bg-dark" },
      h(Router.Link, { className: "navbar-brand", to: "/" }, "Stash"),
      h(
        "div",
        { className: "navbar-buttons" },
        h(
          UtilityItems,
          null,
          h(
            Router.NavLink,
            { className: "nav-utility", to: "/settings?tab=tools" },
            h(Button, { className: "minimal" }, "Settings")
          )
        )
      )
    );
  }

  function Scene() {
    const { id } = Router.useParams();
    const [scene, setScene] = React.useState(null);
    React.useEffect(() => {
      const query = "query($id: ID!) { findScene(id: $id) { id title details } }";
      ask(query, { id }).then((data) => setScene((data && data.findScene) || { id, title: "" }));
    }, [id]);
    if (scene === null) return null;
    return h(
      "div",
      { className: "scene-page" },
      h("h1", { className: "h3" }, scene.title || `Scene ${id}`),
      h("img", { className: "scene-cover", src: `${base}scene/${id}/screenshot`, alt: "" }),
      h(
        Tab.Container,
        { defaultActiveKey: "details" },
        h(
          SceneTabs,
          { scene },
          h(Nav.Item, null, h(Nav.Link, { eventKey: "details" }, "Details"))
        ),
        h(
          SceneTabContent,
          { scene },
          h(Tab.Pane, { eventKey: "details" }, h("p", null, scene.details || "No details."))
        )
      )
    );
  }

  function Settings() {
    const tab = new URLSearchParams(Router.useLocation().search).get("tab") || "tools";
    const link = (name, title) =>
      h(Router.Link, { to: `/settings?tab=${name}`, className: "btn btn-secondary mr-2" }, title);
    return h(
      "div",
      { id: "settings-container" },
      h("h1", { className: "h3" }, "Settings"),
      h("p", null, link("tools", "Tools"), link("plugins", "Plugins")),
      tab === "plugins"
        ? h(
            "div",
            { className: "setting-group card" },
            h("h2", { className: "h4 p-3" }, PLUGIN),
            h(PluginSettings, { pluginID: PLUGIN, settings: [] })
          )
        : h(ToolsSection, null, [h("div", { className: "setting", key: 1 }, "GraphQL playground")])
    );
  }

  function Home() {
    const [scenes, setScenes] = React.useState([]);
    React.useEffect(() => {
      const query = "{ findScenes(filter: {per_page: 24, sort: \"title\"}) { scenes { id title } } }";
      ask(query).then((data) => setScenes((data && data.findScenes.scenes) || []));
    }, []);
    return h(
      "div",
      null,
      h("h1", { className: "h3" }, "Scenes"),
      h(
        "p",
        null,
        "Stash's own pages are only hinted at here. ",
        h(Router.Link, { to: "/plugins/stash2plex" }, "Open Stash2Plex"),
        "."
      ),
      h(
        "div",
        { className: "scene-grid" },
        scenes.map((scene) =>
          h(
            Router.Link,
            { key: scene.id, to: `/scenes/${scene.id}`, className: "card" },
            h("img", { src: `${base}scene/${scene.id}/screenshot`, alt: "", loading: "lazy" }),
            h("span", null, scene.title || `Scene ${scene.id}`)
          )
        )
      )
    );
  }

  function Messages({ children }) {
    const [rows, setRows] = React.useState([]);
    const next = React.useRef(1);
    const tell = React.useMemo(() => {
      const show = (text, kind) => {
        const id = next.current++;
        setRows((now) => now.concat({ id, text, kind }));
        setTimeout(() => setRows((now) => now.filter((row) => row.id !== id)), 5000);
      };
      return {
        success: (text) => show(text, "success"),
        error: (error) => show(error.message || String(error), "danger"),
      };
    }, []);
    return h(
      Toasts.Provider,
      { value: tell },
      children,
      h(
        "div",
        { className: "toast-container", role: "status" },
        rows.map((row) => h("div", { key: row.id, className: `toast-row ${row.kind}` }, row.text))
      )
    );
  }

  const elements = routes.map((route) => h(Router.Route, { key: route.path, ...route }));
  const app = h(
    Router.BrowserRouter,
    { basename: base.replace(/\/$/, "") },
    h(
      Messages,
      null,
      h(Bar),
      h(
        "div",
        { className: "main container-fluid" },
        h(
          Router.Switch,
          null,
          h(Router.Route, { exact: true, path: "/", component: Home }),
          h(Router.Route, { path: "/scenes/:id", component: Scene }),
          h(Router.Route, { path: "/settings", component: Settings }),
          elements
        )
      )
    )
  );
  ReactDOM.render(app, document.getElementById("root"));
})();
