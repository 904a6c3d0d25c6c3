// @ts-check
// The namespace that the files of this page share. They are one script for Stash, in the order of
// Stash2Plex.yml; each is a function of its own, and none does anything where the one before has
// found nothing to work with.
(function () {
  "use strict";
  const api = window.PluginApi;
  if (!api || !api.React || !api.libraries || !api.register || !api.patch) return;

  const React = api.React;

  /**
   * The prefix of every address, with a slash at its end: "/" or that of a reverse proxy.
   * @returns {string}
   */
  function base() {
    const element = document.querySelector("base");
    const href = (element && element.getAttribute("href")) || "/";
    return href.endsWith("/") ? href : href + "/";
  }

  /**
   * The address of a view of the page, for react-router.
   * @param {string} view
   * @param {Record<string, string | number | undefined>} [filters] empty ones are left out
   */
  function address(view, filters) {
    const query = new URLSearchParams({ view });
    Object.entries(filters || {}).forEach(([name, value]) => {
      if (value !== undefined && value !== "") query.set(name, String(value));
    });
    return `/plugins/stash2plex?${query.toString()}`;
  }

  /**
   * The address of an item in Plex's own web page; "" if it is not known or no web address.
   * @param {import("./types").PlexPlace | null | undefined} plex
   * @param {string} ratingKey
   */
  function plexAddress(plex, ratingKey) {
    if (!plex || !plex.machine_identifier || !/^https?:\/\//.test(plex.web_url || "")) return "";
    const key = encodeURIComponent(`/library/metadata/${ratingKey}`);
    const server = encodeURIComponent(plex.machine_identifier);
    return `${plex.web_url}#!/server/${server}/details?key=${key}`;
  }

  /** Does what may fail on a version of Stash that lacks something; says whether it was done.
   * @param {() => void} action
   */
  function attempt(action) {
    try {
      action();
      return true;
    } catch (error) {
      console.debug("Stash2Plex: this version of Stash has no place for it.", error);
      return false;
    }
  }

  window.stash2plex = /** @type {import("./types").Shared} */ ({
    api,
    React,
    h: React.createElement,
    plugin: "Stash2Plex",
    path: "/plugins/stash2plex",
    base,
    address,
    plexAddress,
    attempt,
    views: {},
  });
})();
