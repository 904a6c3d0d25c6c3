// @ts-check
// The frame of the page: title, views, what runs now.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, server, text } = s2p;
  const { Button, Icon, ViewLink } = parts;

  /** Name, title, and which tile of the overview counts it. @type {[string, string, string][]} */
  const VIEWS = [
    ["overview", "Overview", ""],
    ["gaps", "Gaps", "gaps"],
    ["orphans", "Not in Stash", ""],
    ["plan", "Plan", ""],
    ["runs", "Runs", ""],
    ["held", "Held", "held"],
    ["dead_letters", "Dead letters", "dead_letters"],
    ["pins", "Pins", ""],
    ["settings", "Settings", ""],
    ["log", "Log", ""],
  ];
  const START = /** @type {[string, string, string]} */ (["start", "Start", ""]);

  /** @param {string} view */
  function titleOf(view) {
    const known = [START].concat(VIEWS).find(([name]) => name === view);
    return known ? known[1] : "";
  }

  /** @param {{view: string, tiles: any, needsSetup: boolean}} props */
  function Views({ view, tiles, needsSetup }) {
    const list = React.useRef(/** @type {any} */ (null));
    React.useEffect(() => {
      const active = list.current && list.current.querySelector(".active");
      if (!active) return;
      const box = list.current;
      box.scrollLeft = active.offsetLeft - (box.clientWidth - active.clientWidth) / 2;
    }, [view, tiles]);
    const views = needsSetup || view === "start" ? [START].concat(VIEWS) : VIEWS;
    return h(
      "nav",
      { "aria-label": "Stash2Plex" },
      h(
        "ul",
        { className: "nav nav-tabs s2p-views", ref: list },
        views.map(([name, title, tile]) => {
          const n = tile && tiles ? tiles[tile] : 0;
          return h(
            "li",
            { key: name, className: "nav-item" },
            h(
              ViewLink,
              {
                view: name,
                className: `nav-link ${name === view ? "active" : ""}`,
                "aria-current": name === view ? "page" : undefined,
              },
              title,
              n ? h("span", { className: "badge badge-secondary s2p-badge" }, text.count(n)) : null
            )
          );
        })
      )
    );
  }

  /** The task of ours that runs or waits, and how to stop it. */
  function Running() {
    const { jobs } = s2p.work.useWork();
    const action = hooks.useAction();
    if (jobs.length === 0) return null;
    const running = jobs.find((job) => job.status !== "READY") || jobs[0];
    const waits = running.status === "READY";
    const share = waits || running.progress === null ? 0 : Math.max(0, running.progress);
    const percent = Math.round(share * 100);
    const others = jobs.length - 1;
    const name = server.taskOf(running);
    const stopping = running.status === "STOPPING";
    return h(
      "section",
      { className: "card s2p-running", "aria-label": "What runs now" },
      h(
        "div",
        { className: "s2p-running-head" },
        h("span", { className: "spinner-border s2p-tiny", "aria-hidden": true }),
        h("strong", null, name),
        // A task that waits, for Plex say, has done nothing of its work yet.
        h("span", null, waits ? "waits in Stash's queue" : percent ? `${percent} %` : "has begun"),
        others > 0 ? h("span", { className: "text-muted" }, `${others} more after it`) : null,
        h(
          Button,
          {
            kind: "secondary",
            disabled: waits || stopping,
            busy: action.busy === "stop",
            onClick: () => action.run("stop", () => server.operation("stop_run")),
          },
          "Stop"
        )
      ),
      h(
        "div",
        {
          className: "progress",
          role: "progressbar",
          "aria-label": name,
          "aria-valuenow": percent,
          "aria-valuemin": 0,
          "aria-valuemax": 100,
        },
        h("div", { className: "progress-bar", style: { width: `${percent}%` } })
      )
    );
  }

  /** A view that fails leaves the others. */
  class Guard extends React.Component {
    /** @param {any} props */
    constructor(props) {
      super(props);
      this.state = { error: "" };
    }

    /** @param {unknown} error */
    static getDerivedStateFromError(error) {
      return { error: text.sentence(error) };
    }

    render() {
      const { error } = /** @type {any} */ (this.state);
      if (error) return h(parts.Failure, { error: `This view cannot be shown: ${error}` });
      return /** @type {any} */ (this.props).children;
    }
  }

  /** What needs somebody, where the view itself does not say it. @param {{view: string}} props */
  function Notice({ view }) {
    const said = s2p.tick.useMark();
    if (!said.text || view === "overview" || view === said.view) return null;
    return h(
      "div",
      { className: "s2p-notice", role: "status" },
      h(Icon, { name: "attention" }),
      h("span", null, said.text),
      h(ViewLink, { view: "overview", className: "btn btn-sm btn-secondary" }, "Overview")
    );
  }

  function Page() {
    const query = hooks.useQuery();
    const asked = query.get("view");
    const overview = hooks.useRead("page_overview");
    s2p.work.useReloadAfterWork(overview.reload);
    s2p.work.useReloadAfterActions(overview.reload);
    const { data } = overview;
    React.useEffect(() => {
      if (data && data.state) s2p.tick.seen(data.state);
    }, [data]);
    const needsSetup = Boolean(data && (data.needs_setup || !data.last_reconcile));
    const settled = data !== null || overview.error !== "";
    const first = Boolean(data && data.needs_setup);
    const view = s2p.views[asked] ? asked : first ? "start" : "overview";
    // The assistant stays after its first task, until somebody goes elsewhere.
    React.useEffect(() => {
      if (!asked && first) query.change({ view: "start" });
    }, [asked, first]);
    React.useEffect(() => {
      const before = document.title;
      document.title = `${titleOf(view)} | Stash2Plex`;
      return () => void (document.title = before);
    }, [view]);
    return h(
      "div",
      { className: "s2p" },
      h(
        "header",
        { className: "s2p-header" },
        h("h1", { className: "h3" }, "Stash2Plex"),
        data ? h("small", { className: "text-muted" }, `Version ${data.version}`) : null
      ),
      h(Views, { view, tiles: data && data.tiles, needsSetup }),
      h(Notice, { view }),
      h(Running, null),
      h(
        "main",
        { className: "s2p-main" },
        // Without an answer nobody knows yet whether the assistant or the overview comes first.
        asked || settled
          ? h(Guard, { key: view }, h(s2p.views[view], { overview }))
          : h(parts.Loading, null)
      )
    );
  }

  Object.assign(s2p.parts, { Page, Guard, VIEWS });
})();
