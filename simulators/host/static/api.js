// The part of Stash's PluginApi that pages use: React and its libraries, registering, patching.
(function () {
  "use strict";
  const { React, ReactDOM, ReactRouterDOM, ReactBootstrap } = window;
  const routes = [];
  const patches = {};

  function add(kind) {
    return (name, patch) => {
      patches[name] = patches[name] || { before: [], instead: [], after: [] };
      patches[name][kind].push(patch);
    };
  }

  /** A component that plugins may patch by its name, in the order that Stash applies patches. */
  function patchable(name, Component) {
    return function Patched(...given) {
      const known = patches[name] || { before: [], instead: [], after: [] };
      const args = known.before.reduce((now, patch) => patch(...now), given);
      const chain = known.instead.reduceRight(
        (next, patch) =>
          (...now) =>
            patch(...now, next),
        Component
      );
      return known.after.reduce((result, patch) => patch(...args, result), chain(...args));
    };
  }

  const Toasts = React.createContext({ success() {}, error() {} });

  window.PluginApi = {
    React,
    ReactDOM,
    libraries: { ReactRouterDOM, Bootstrap: ReactBootstrap },
    components: {},
    register: { route: (path, component) => routes.push({ path, component }) },
    patch: { before: add("before"), instead: add("instead"), after: add("after") },
    hooks: { useToast: () => React.useContext(Toasts) },
    utils: {},
  };
  window.hostPage = { routes, patchable, Toasts };
})();
