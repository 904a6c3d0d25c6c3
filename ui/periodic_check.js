// @ts-check
// Looks every few minutes, in one visible tab of the browser, at what the plugin has published.
// It marks the entry in the navigation bar, and asks for Sync Changes when something is due, or was
// changed in Stash and seen by no task. No process is started for a look: the state is a file, the
// rest Stash answers by itself.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.server) return;
  const { React, server } = s2p;

  const PERIOD_SECONDS = 300;
  const LOOK_MILLISECONDS = 60000;
  const KEY = "stash2plex.tick";
  const STATE_KEY = "stash2plex.state";
  const UNSEEN_KEY = "stash2plex.unseen";

  /**
   * Whether it is this tab's turn.
   * @param {{now: number, last: number, hidden: boolean}} state `last`: when any tab last looked,
   *   epoch seconds; one in the future is of a clock that was set back
   */
  const isDue = ({ now, last, hidden }) => !hidden && (last > now || now - last >= PERIOD_SECONDS);

  /**
   * What needs somebody, "" for nothing, and the view that says it itself, if there is one.
   * @param {import("./types").PublishedState | null} state
   */
  function notice(state) {
    let [text, view] = ["", ""];
    if (!state) return { text, view };
    if (state.token_refused) {
      text = "Plex refuses the token. Sign in again under Settings.";
    } else if (state.held) {
      text = `${s2p.text.plural(state.held, "scene")} held back until you confirm.`;
      view = "held";
    } else if (state.paused_since_at) {
      const since = s2p.text.ago(state.paused_since_at).replace(/ ago$/, "");
      const waits = s2p.text.plural(state.waiting, "scene waits", "scenes wait");
      const waiting = state.waiting ? `; ${waits}` : "";
      text = `Plex has not answered for ${since}${waiting}.`;
    } else if (state.dead_letters) {
      text = `${s2p.text.plural(state.dead_letters, "scene")} given up on.`;
      view = "dead_letters";
    } else if (state.edits_waiting && !(state.tick && state.next_due_at)) {
      // Without a time when they are due, or a tab that asks, nobody sends them.
      text = `${s2p.text.plural(state.edits_waiting, "change")} in Stash not brought to Plex yet.`;
      view = "start";
    }
    return { text, view };
  }

  /**
   * Whether Sync Changes is to be asked for.
   * @param {import("./types").PublishedState | null} state
   * @param {number} now epoch seconds
   */
  const wantsSync = (state, now) =>
    Boolean(
      state && state.tick && !state.token_refused && state.next_due_at && state.next_due_at <= now
    );

  /**
   * Whether Stash has a change that no task has seen: one that was lost on the way, such as those
   * before Stash was killed. Each is asked for once, whatever becomes of it, and none that lies in
   * the future.
   * @param {import("./types").PublishedState | null} state
   * @param {number} now epoch seconds
   */
  async function hasUnseen(state, now) {
    if (!state || !state.tick || state.token_refused || !state.seen_at) return false;
    const latest = await server.latestChange();
    const at = Date.parse(latest) / 1000;
    if (!(at > state.seen_at && at <= now) || stored(UNSEEN_KEY) === latest) return false;
    stored(UNSEEN_KEY, latest);
    return true;
  }

  /** @typedef {{text: string, view: string}} Notice */
  /** @type {{said: Notice, listeners: Set<(said: Notice) => void>}} */
  const mark = { said: notice(null), listeners: new Set() };

  /** @param {import("./types").PublishedState | null} state */
  function setMark(state) {
    mark.said = notice(state);
    mark.listeners.forEach((listener) => listener(mark.said));
  }

  /** What needs somebody, for the entry in the navigation bar. @returns {Notice} */
  function useMark() {
    const [said, setSaid] = React.useState(mark.said);
    React.useEffect(() => {
      mark.listeners.add(setSaid);
      setSaid(mark.said);
      return () => void mark.listeners.delete(setSaid);
    }, []);
    return said;
  }

  /** A store that all tabs share; a browser that has none, or no room, counts as empty.
   * @param {string} key @param {string} [value]
   */
  function stored(key, value) {
    try {
      if (value !== undefined) window.localStorage.setItem(key, value);
      return window.localStorage.getItem(key);
    } catch (error) {
      return null;
    }
  }

  /** What is known now, for this tab and the others. @param {import("./types").PublishedState | null} state */
  function seen(state) {
    stored(STATE_KEY, JSON.stringify(state));
    setMark(state);
  }

  let stopped = false;

  async function look() {
    const now = Date.now() / 1000;
    const last = Number(stored(KEY)) || 0;
    if (stopped || !isDue({ now, last, hidden: document.hidden })) return;
    stored(KEY, String(now));
    try {
      const state = await server.publishedState();
      seen(state);
      if (wantsSync(state, now) || (await hasUnseen(state, now))) await askForSync();
    } catch (error) {
      // Nobody is signed in any more: this tab is to leave the session alone.
      if (error instanceof server.ServerError && error.expired) stopped = true;
    }
  }

  async function askForSync() {
    const jobs = await server.jobs();
    if (!jobs.some((job) => server.taskOf(job) !== "")) await server.startTask("sync_changes");
  }

  /** What another tab has read last. */
  function remembered() {
    try {
      setMark(JSON.parse(stored(STATE_KEY) || "null"));
    } catch (error) {
      setMark(null);
    }
  }

  function start() {
    remembered();
    look();
    window.setInterval(look, LOOK_MILLISECONDS);
    document.addEventListener("visibilitychange", look);
    window.addEventListener("storage", (event) => event.key === STATE_KEY && remembered());
  }

  Object.assign(s2p, { tick: { start, look, seen, useMark, isDue, notice, wantsSync } });
})();
