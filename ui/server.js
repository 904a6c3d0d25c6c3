// @ts-check
// Talks to Stash, and through it to the plugin.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p) return;

  const OPERATION =
    "mutation($plugin: ID!, $args: Map) { runPluginOperation(plugin_id: $plugin, args: $args) }";
  const TASK =
    "mutation($plugin: ID!, $about: String, $args: Map) {" +
    " runPluginTask(plugin_id: $plugin, description: $about, args_map: $args) }";
  const JOBS = "query { jobQueue { id status description progress startTime } }";
  const LATEST =
    'query { findScenes(filter: {per_page: 1, sort: "updated_at", direction: DESC}) {' +
    " scenes { updated_at } } }";
  const EXPIRED = "Your session in Stash has ended. Reload the page and sign in again.";

  /** The titles of tasks, by which Stash's list of jobs and people know them. */
  const TITLES = {
    sync_everything: "Sync Everything",
    reconcile_all: "Reconcile Library (All)",
    reconcile_recent: "Reconcile Library (Last 24 Hours)",
    reconcile_7days: "Reconcile Library (Last 7 Days)",
    reconcile_preview: "Preview",
    apply_preview: "Apply Preview",
    process_queue: "Process Queue",
    sync_changes: "Sync Changes",
    undo_last_run: "Undo Last Run",
    confirm_stopped_run: "Confirm Stopped Run",
    release: "Release Locks",
    health_check: "Health Check",
    report: "Report",
    all: "Sync All Scenes",
    recent: "Sync Recent Scenes",
    sync_recent: "Sync Everything (Last 24 Hours)",
    queue_status: "Queue Status",
    retry_dlq: "Retry Dead Letters",
    hook: "Hook",
  };
  const PREFIX = "Stash2Plex: "; // before the titles of tasks that this page has started

  /** What went wrong, as a sentence; `expired`: nobody is signed in any more. */
  class ServerError extends Error {
    /** @param {string} message @param {boolean} [expired] */
    constructor(message, expired) {
      super(message);
      this.expired = Boolean(expired);
    }
  }

  /**
   * One request to Stash's GraphQL.
   * @param {string} query
   * @param {Record<string, unknown>} [variables]
   * @returns {Promise<any>} its `data`
   */
  async function graphql(query, variables) {
    let response;
    try {
      response = await fetch(`${s2p.base()}graphql`, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ query, variables: variables || {} }),
      });
    } catch (error) {
      throw new ServerError("Stash does not answer. Is it running, and are you connected to it?");
    }
    if (response.status === 401 || response.redirected) throw new ServerError(EXPIRED, true);
    const body = await response.json().catch(() => null);
    if (body && body.errors && body.errors.length) {
      throw new ServerError(String(body.errors[0].message));
    }
    if (!body || !body.data) {
      throw new ServerError(`Stash answered with status ${response.status} and no data.`);
    }
    return body.data;
  }

  /**
   * Ask the plugin, outside of Stash's queue.
   * @param {string} mode
   * @param {Record<string, unknown>} [args]
   */
  async function operation(mode, args) {
    const variables = { plugin: s2p.plugin, args: Object.assign({}, args, { mode }) };
    const output = (await graphql(OPERATION, variables)).runPluginOperation;
    if (output === null || typeof output !== "object") {
      throw new ServerError("The plugin gave no usable answer. Stash's log says why.");
    }
    return output;
  }

  /**
   * Have Stash queue a task of the plugin; the id of its job.
   * @param {string} mode
   * @param {Record<string, unknown>} [args]
   * @returns {Promise<string>}
   */
  async function startTask(mode, args) {
    const about = PREFIX + title(mode);
    const variables = { plugin: s2p.plugin, about, args: Object.assign({}, args, { mode }) };
    return String((await graphql(TASK, variables)).runPluginTask);
  }

  /** @param {string} mode */
  const title = (mode) =>
    /** @type {Record<string, string>} */ (TITLES)[mode] ||
    `${mode.slice(0, 1).toUpperCase()}${mode.slice(1).replace(/_/g, " ")}`;

  /**
   * The jobs of Stash that wait or run.
   * @returns {Promise<import("./types").Job[]>}
   */
  const jobs = async () => (await graphql(JOBS)).jobQueue || [];

  /** The part of a job's description that names our task; "" if it is not ours.
   * @param {import("./types").Job} job
   */
  function taskOf(job) {
    const named = job.description.replace(/^Running plugin task: /, "");
    if (named.startsWith(PREFIX)) return named.slice(PREFIX.length);
    const known = Object.values(TITLES);
    return named !== job.description && known.includes(named) ? named : "";
  }

  /** When a scene of Stash was changed last, as Stash writes it; "" where it has none.
   * @returns {Promise<string>}
   */
  async function latestChange() {
    const [scene] = (await graphql(LATEST)).findScenes.scenes;
    return scene ? String(scene.updated_at) : "";
  }

  /** Counts and times that the plugin publishes at the end of each task; null if there are none.
   * @returns {Promise<import("./types").PublishedState | null>}
   */
  async function publishedState() {
    const folder = `${s2p.base()}plugin/${s2p.plugin}/assets/`;
    /** @param {string} address */
    const get = async (address) => {
      const answer = await fetch(address, { cache: "no-store", credentials: "same-origin" });
      if (answer.status === 401 || answer.redirected) throw new ServerError(EXPIRED, true);
      return answer;
    };
    // Before the first task there is no such file, and browsers show each 404 as an error.
    const listing = await get(folder);
    if (!listing.ok || !(await listing.text()).includes("state.json")) return null;
    const response = await get(`${folder}state.json`);
    return response.ok ? response.json().catch(() => null) : null;
  }

  /** Stash's own settings page is to read the plugin's settings anew. */
  function forgetConfiguration() {
    s2p.attempt(() => {
      const cache = s2p.api.utils.StashService.getClient().cache;
      cache.evict({ id: "ROOT_QUERY", fieldName: "configuration" });
      cache.gc();
    });
  }

  Object.assign(s2p, {
    server: {
      ServerError,
      graphql,
      operation,
      startTask,
      title,
      jobs,
      taskOf,
      PREFIX,
      latestChange,
      publishedState,
      forgetConfiguration,
    },
  });
})();
