// @ts-check
// What of ours waits or runs in Stash's queue, asked while somebody looks at it.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.server) return;
  const { React, server } = s2p;

  // A task may be over at once, or take hours.
  const FIRST_MILLISECONDS = 200;
  const BUSY_MILLISECONDS = 1500;
  const IDLE_MILLISECONDS = 15000;

  /** @type {import("./types").Work} */
  let current = { jobs: [], ended: 0, acted: 0, expired: false, over: "" };
  /** The modes of the jobs that this page has asked for, by their ids. @type {Map<string, string>} */
  const asked = new Map();
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {number | undefined} */
  let timer;
  let asking = false;
  let pause = IDLE_MILLISECONDS;
  let started = 0; // tasks that this page has asked for

  /** Jobs of ours, the running one first. @param {import("./types").Job[]} all */
  const ours = (all) => all.filter((job) => server.taskOf(job) !== "");

  async function look() {
    if (asking) return;
    asking = true;
    window.clearTimeout(timer);
    const before = started;
    try {
      const jobs = document.hidden ? null : ours(await server.jobs());
      // What was asked before a task was started does not know it.
      if (jobs && before === started) update(jobs);
    } catch (error) {
      if (error instanceof server.ServerError && error.expired) current.expired = true;
    } finally {
      asking = false;
    }
    if (listeners.size > 0 && !current.expired) {
      const isBusy = current.jobs.length > 0;
      pause = isBusy ? Math.min(1.5 * pause, BUSY_MILLISECONDS) : IDLE_MILLISECONDS;
      timer = window.setTimeout(look, pause);
    }
  }

  /** @param {import("./types").Job[]} jobs */
  function update(jobs) {
    const there = new Set(jobs.map((job) => job.id));
    const gone = current.jobs.filter((job) => !there.has(job.id));
    const over = gone.map((job) => asked.get(job.id)).find(Boolean) || current.over;
    const ended = current.ended + gone.length;
    current = Object.assign({}, current, { jobs, ended, over, expired: false });
    listeners.forEach((listener) => listener());
  }

  /** Something was done at once, without a job: the figures of the frame are others now. */
  function acted() {
    current = Object.assign({}, current, { acted: current.acted + 1 });
    listeners.forEach((listener) => listener());
  }

  /** Ask at once: something has just been started or stopped. */
  function refresh() {
    if (listeners.size > 0) look();
  }

  /**
   * Start a task, and notice its end even if it is over before the queue is looked at.
   * @param {string} mode
   * @param {Record<string, unknown>} [args]
   */
  async function start(mode, args) {
    const id = await server.startTask(mode, args);
    started += 1;
    asked.set(id, mode);
    current = Object.assign({}, current, { over: "" });
    pause = FIRST_MILLISECONDS;
    const description = server.PREFIX + server.title(mode);
    const job = { id, status: "READY", description, progress: null, startTime: null };
    update(current.jobs.filter((each) => each.id !== id).concat([job]));
    refresh();
    return { id, text: `${server.title(mode)} has been asked for.` };
  }

  document.addEventListener("visibilitychange", () => !document.hidden && refresh());

  /** Our jobs, how many have ended since this page was opened, and the last of those it asked for. */
  function useWork() {
    const [, setTurn] = React.useState(0);
    React.useEffect(() => {
      const listener = () => setTurn((n) => n + 1);
      listeners.add(listener);
      look();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) window.clearTimeout(timer);
      };
    }, []);
    return current;
  }

  /** Calls `reload` whenever a job of ours has ended. @param {() => void} reload */
  function useReloadAfterWork(reload) {
    useReloadOn(useWork().ended, reload);
  }

  /** The same for what was done at once. @param {() => void} reload */
  function useReloadAfterActions(reload) {
    useReloadOn(useWork().acted, reload);
  }

  /** @param {number} count @param {() => void} reload */
  function useReloadOn(count, reload) {
    const first = React.useRef(count);
    React.useEffect(() => {
      if (count !== first.current) reload();
      first.current = count;
    }, [count, reload]);
  }

  Object.assign(s2p, { work: { useWork, useReloadAfterWork, useReloadAfterActions, acted, refresh, start } });
})();
