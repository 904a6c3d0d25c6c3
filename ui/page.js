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

  /** The task of ours that runs or waits, and how to stop it. @param {{data: any}} props */
  function Running({ data }) {
    const { jobs } = s2p.work.useWork();
    const action = hooks.useAction();
    if (jobs.length === 0) return null;
    const running = jobs.find((job) => job.status !== "READY") || jobs[0];
    const waits = running.status === "READY";
    const name = server.taskOf(running);
    // It waits for Plex after whatever it has done before.
    const services = /** @type {any[]} */ ((data && data.services) || []);
    const isAway = services.some((service) => service.name === "Plex" && !service.ok);
    const held = isAway && name === server.title("sync_changes");
    const idle = waits || held || running.progress === null;
    const percent = Math.round(idle ? 0 : Math.max(0, running.progress || 0) * 100);
    const others = jobs.length - 1;
    const stopping = running.status === "STOPPING";
    return h(
      "section",
      { className: "card s2p-running", "aria-label": "What runs now" },
      h(
        "div",
        { className: "s2p-running-head" },
        h("span", { className: "spinner-border s2p-tiny", "aria-hidden": true }),
        h("strong", null, name),
        h(
          "span",
          null,
          waits
            ? "waits in Stash's queue"
            : held
              ? "waits for Plex"
              : percent
                ? `${percent} %`
                : "has begun"
        ),
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

  /** What a task that was started here has failed with. @param {{data: any, view: string}} props */
  function Failed({ data, view }) {
    const { over } = s2p.work.useWork();
    const [known, setKnown] = React.useState(0);
    const failure = (data && data.failure) || { at: 0 };
    const away = view === "log"; // which says it
    React.useEffect(() => {
      if (data && (!over || away)) setKnown(failure.at);
    }, [data, over, away]);
    if (failure.at === known || failure.mode !== over || away) return null;
    return h(
      "div",
      { className: "s2p-notice", role: "alert" },
      h(Icon, { name: "problem" }),
      h("span", null, `${server.title(over)} failed: ${text.asSentence(failure.text)}`),
      h(ViewLink, { view: "log", className: "btn btn-sm btn-secondary" }, "Log"),
      h(
        Button,
        { kind: "secondary", "aria-label": "Close", onClick: () => setKnown(failure.at) },
        h(Icon, { name: "close" })
      )
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
      h(Failed, { data, view }),
      h(Running, { data }),
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
