// @ts-check
// Small parts that all views are made of. Every text is a text node of React.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.hooks) return;
  const { React, h, text } = s2p;
  const { useEffect, useRef, useState } = React;
  const Bootstrap = s2p.api.libraries.Bootstrap;
  const Router = s2p.api.libraries.ReactRouterDOM;

  // Drawn on a grid of 24 by 24, as lines.
  const ICONS = /** @type {Record<string, string>} */ ({
    sync: "M20 11a8 8 0 0 0-14.5-4M4 4v4h4M4 13a8 8 0 0 0 14.5 4M20 20v-4h-4",
    good: "M5 12.5l4.5 4.5L19 7",
    attention: "M12 4L2.5 20h19zM12 10v5M12 17.5v.5",
    problem: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7.5v6M12 16v.5",
    work: "M12 3a9 9 0 1 0 9 9M12 7v5l3 2",
    right: "M9 5l7 7-7 7",
    down: "M5 9l7 7 7-7",
    out: "M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1h5",
    close: "M6 6l12 12M18 6L6 18",
  });

  /** @param {{name: string, className?: string}} props */
  function Icon({ name, className }) {
    return h(
      "svg",
      {
        className: `svg-inline--fa fa-icon s2p-icon ${className || ""}`,
        viewBox: "0 0 24 24",
        "aria-hidden": true,
        focusable: "false",
      },
      h("path", { d: ICONS[name] || ICONS.attention })
    );
  }

  /** @param {{label?: string}} props */
  function Loading({ label }) {
    return h(
      "div",
      { className: "s2p-state", role: "status" },
      h("span", { className: "spinner-border", "aria-hidden": true }),
      h("span", null, label || "Loading…")
    );
  }

  /** Nothing to show, and what that means. @param {{title: string, children?: any}} props */
  function Empty({ title, children }) {
    return h(
      "div",
      { className: "s2p-state s2p-empty" },
      h("strong", null, title),
      children ? h("div", { className: "text-muted" }, children) : null
    );
  }

  /** @param {{error: string, retry?: () => void}} props */
  function Failure({ error, retry }) {
    return h(
      "div",
      { className: "s2p-state s2p-failure", role: "alert" },
      h(Icon, { name: "problem", className: "text-danger" }),
      h("span", null, error),
      retry ? h(Button, { onClick: retry, kind: "secondary" }, "Try again") : null
    );
  }

  /**
   * Loading, failed or there: then `children` is called with the data.
   * @param {{read: import("./types").Read<any>, children: (data: any) => any}} props
   */
  function Shown({ read, children }) {
    if (read.error) return h(Failure, { error: read.error, retry: read.reload });
    if (read.data === null) return h(Loading, null);
    return h(
      "div",
      { className: read.loading ? "s2p-again" : "", "aria-busy": read.loading },
      children(read.data)
    );
  }

  /** @param {any} props */
  function Button({ kind, size, busy, children, ...rest }) {
    const classes = `btn btn-${kind || "primary"} ${size === "big" ? "" : "btn-sm"}`;
    return h(
      "button",
      Object.assign({ type: "button", className: classes }, rest, {
        disabled: Boolean(rest.disabled || busy),
      }),
      busy ? h("span", { className: "spinner-border s2p-tiny", "aria-hidden": true }) : null,
      children
    );
  }

  /** A link to a view of this page. @param {any} props */
  function ViewLink({ view, filters, className, children, ...rest }) {
    const to = s2p.address(view, filters);
    return h(Router.Link, Object.assign({ to, className }, rest), children);
  }

  /** @param {{plex: import("./types").PlexPlace | null, ratingKey: string, label?: string}} props */
  function PlexLink({ plex, ratingKey, label }) {
    const href = ratingKey && s2p.plexAddress(plex, ratingKey);
    if (!href) return label ? h("span", null, label) : null;
    return h(
      "a",
      { href, target: "_blank", rel: "noreferrer", className: "s2p-out" },
      label || "Open in Plex",
      h(Icon, { name: "out" })
    );
  }

  /** A scene's cover, from Stash. @param {{sceneId: string, at?: number | null}} props */
  function Cover({ sceneId, at }) {
    const [broken, setBroken] = useState(false);
    if (broken) return h("span", { className: "s2p-cover s2p-cover-none" });
    return h("img", {
      className: "s2p-cover",
      src: `${s2p.base()}scene/${encodeURIComponent(sceneId)}/screenshot?t=${Math.floor(at || 0)}`,
      alt: "",
      loading: "lazy",
      onError: () => setBroken(true),
    });
  }

  /** @param {{sceneId: string, title: string}} props */
  function SceneLink({ sceneId, title }) {
    const to = `/scenes/${encodeURIComponent(sceneId)}`;
    return h(Router.Link, { to, className: "s2p-title" }, title || `Scene ${sceneId}`);
  }

  /** A time in words, exactly when pointed at. @param {{at: number | null | undefined}} props */
  function Ago({ at }) {
    return h("time", { title: text.moment(at) }, text.ago(at));
  }

  /** @param {{total: number, page: number, perPage: number, turn: (page: number) => void}} props */
  function Pager({ total, page, perPage, turn }) {
    const last = Math.max(1, Math.ceil(total / (perPage || 50)));
    if (last <= 1) return null;
    /** @param {number} to @param {string} label */
    const step = (to, label) =>
      h(
        Button,
        { kind: "secondary", disabled: to < 1 || to > last, onClick: () => turn(to) },
        label
      );
    return h(
      "nav",
      { className: "s2p-pager", "aria-label": "Pages" },
      step(page - 1, "Previous"),
      h("span", null, `Page ${text.count(page)} of ${text.count(last)}`),
      step(page + 1, "Next")
    );
  }

  const TYPING_MILLISECONDS = 60;

  /** Says what was typed once nobody types any more.
   * @param {{label: string, value: string, onChange: (value: string) => void}} props
   */
  function SearchBox({ label, value, onChange }) {
    const [typed, setTyped] = useState(value);
    const said = useRef(value);
    useEffect(() => {
      if (value !== said.current) setTyped(value);
      said.current = value;
    }, [value]);
    useEffect(() => {
      if (typed === said.current) return undefined;
      const timer = window.setTimeout(() => {
        said.current = typed;
        onChange(typed);
      }, TYPING_MILLISECONDS);
      return () => window.clearTimeout(timer);
    }, [typed]);
    return h("input", {
      type: "search",
      className: "form-control form-control-sm text-input bg-secondary s2p-search",
      placeholder: label,
      "aria-label": label,
      value: typed,
      onChange: (/** @type {any} */ event) => setTyped(event.target.value),
    });
  }

  /**
   * @param {{label: string, value: string, all: string | null, onChange: (value: string) => void,
   *   options: {value: string, label: string}[], titles?: Record<string, string>}} props
   *   all: the entry that means no filter; titles: of a value that is none of the options
   */
  function Select({ label, value, all, options, onChange, titles }) {
    const known = options.some((option) => option.value === value);
    return h(
      "select",
      {
        className: "form-control form-control-sm bg-secondary text-white s2p-select",
        "aria-label": label,
        value,
        onChange: (/** @type {any} */ event) => onChange(event.target.value),
      },
      all !== null ? h("option", { value: "" }, all) : null,
      options.map((option) =>
        h("option", { key: option.value, value: option.value }, option.label)
      ),
      value && !known ? h("option", { value }, (titles && titles[value]) || value) : null
    );
  }

  /** Facets as options of a select, with their counts. @param {import("./types").Facet[]} facets
   * @param {Record<string, string>} [titles] what people call them */
  const facetOptions = (facets, titles) =>
    (facets || []).map((facet) => ({
      value: facet.name,
      label: `${(titles && titles[facet.name]) || facet.name} (${text.count(facet.count)})`,
    }));

  /**
   * A question before something that changes Plex.
   * @param {{title: string, children?: any, action: string, danger?: boolean,
   *   onConfirm: () => void, onClose: () => void}} props
   */
  function Confirm({ title, children, action, danger, onConfirm, onClose }) {
    const confirm = () => {
      onClose();
      onConfirm();
    };
    return h(
      Bootstrap.Modal,
      { show: true, onHide: onClose, "aria-labelledby": "s2p-confirm", className: "s2p-modal" },
      h(
        "div",
        { className: "modal-header" },
        h("h2", { className: "h5 modal-title", id: "s2p-confirm" }, title)
      ),
      h("div", { className: "modal-body" }, children),
      h(
        "div",
        { className: "modal-footer" },
        h(Button, { kind: "secondary", size: "big", onClick: onClose }, "Cancel"),
        h(Button, { kind: danger ? "danger" : "primary", size: "big", onClick: confirm }, action)
      )
    );
  }

  Object.assign(s2p, {
    parts: {
      Icon,
      Loading,
      Empty,
      Failure,
      Shown,
      Button,
      ViewLink,
      PlexLink,
      SceneLink,
      Cover,
      Ago,
      Pager,
      SearchBox,
      Select,
      facetOptions,
      Confirm,
    },
  });
})();
