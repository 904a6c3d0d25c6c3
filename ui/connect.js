// @ts-check
// How the page gets a connection to Plex: an address tried while it is typed, or signing in.
(function () {
  "use strict";
  const s2p = window.stash2plex;
  if (!s2p || !s2p.parts) return;
  const { React, h, hooks, parts, server, text } = s2p;
  const { Button, Icon } = parts;

  const TYPING_MILLISECONDS = 400;
  const CHECK_MILLISECONDS = 2000;
  const NO_ADDRESS = "An address of Plex begins with http:// or https://, like http://192.168.1.10:32400.";

  /**
   * What Plex says at an address, asked once nobody types any more.
   * @param {string} url
   * @param {string} token "" for the one that the plugin has
   * @param {boolean} hasToken whether the plugin has one
   */
  function useConnection(url, token, hasToken) {
    const [state, setState] = React.useState(
      /** @type {{trying: boolean, answer: any, error: string}} */ ({
        trying: false,
        answer: null,
        error: "",
      })
    );
    const adopted = React.useRef(false);
    const ready = /^https?:\/\/[^/\s]+/.test(url) && (token !== "" || hasToken);
    React.useEffect(() => {
      if (!ready) {
        const error = /^(h|ht|htt|https?(:\/?\/?[^/]*)?)?$/.test(url) ? "" : NO_ADDRESS;
        setState({ trying: false, answer: null, error });
        return undefined;
      }
      if (adopted.current) {
        adopted.current = false; // what was answered is of the same connection
        return undefined;
      }
      let current = true;
      setState((before) => ({ trying: true, answer: before.answer, error: "" }));
      const args = Object.assign({ plex_url: url }, token ? { plex_token: token } : {});
      const timer = window.setTimeout(() => {
        server.operation("try_connection", args).then(
          (answer) => current && setState({ trying: false, answer, error: "" }),
          (error) =>
            current && setState({ trying: false, answer: null, error: text.sentence(error) })
        );
      }, TYPING_MILLISECONDS);
      return () => {
        current = false;
        window.clearTimeout(timer);
      };
    }, [url, token, ready]);
    // To be called where the token is taken out because the plugin has it now.
    const adopt = () => void (adopted.current = true);
    return Object.assign({ adopt }, state);
  }

  /** @param {{state: any}} props */
  function ConnectionResult({ state }) {
    if (state.trying) {
      return h(
        "p",
        { role: "status", className: "s2p-result" },
        h("span", { className: "spinner-border s2p-tiny", "aria-hidden": true }),
        "Asking Plex…"
      );
    }
    const ok = Boolean(state.answer && state.answer.ok);
    const said = state.error || (state.answer && state.answer.text);
    if (!said) return null;
    return h(
      "p",
      { role: "status", className: "s2p-result" },
      h(Icon, { name: ok ? "good" : "problem", className: ok ? "text-success" : "text-danger" }),
      ` ${said}`
    );
  }

  /**
   * Sign in to Plex by a code: the token goes from Plex to the plugin and never comes here.
   * @param {{onUrl: (url: string) => void, onDone: () => void}} props
   */
  function SignIn({ onUrl, onDone }) {
    const [asked, setAsked] = React.useState(/** @type {any} */ (null));
    const [found, setFound] = React.useState(/** @type {any} */ (null));
    const [error, setError] = React.useState("");
    const begin = async () => {
      setError("");
      setFound(null);
      try {
        setAsked(await server.operation("sign_in"));
      } catch (problem) {
        setError(text.sentence(problem));
      }
    };
    React.useEffect(() => {
      if (!asked) return undefined;
      let current = true;
      const check = async () => {
        try {
          const answer = await server.operation("sign_in_check", { id: asked.id });
          if (!current) return;
          if (answer.state === "waiting") {
            timer = window.setTimeout(check, CHECK_MILLISECONDS);
            return;
          }
          setAsked(null);
          if (answer.state === "done") {
            setFound(answer);
            onDone();
          } else setError("The code has expired. Begin again.");
        } catch (problem) {
          if (current) {
            setAsked(null);
            setError(text.sentence(problem));
          }
        }
      };
      let timer = window.setTimeout(check, CHECK_MILLISECONDS);
      return () => {
        current = false;
        window.clearTimeout(timer);
      };
    }, [asked]);
    return h(
      "div",
      { className: "s2p-sign-in" },
      asked
        ? h(
            "p",
            { role: "status" },
            "Open ",
            h("a", { href: safe(asked.link), target: "_blank", rel: "noreferrer" }, asked.link),
            ", sign in, and enter the code ",
            h("strong", { className: "s2p-code" }, asked.code),
            ". This page notices by itself."
          )
        : h(Button, { kind: "secondary", onClick: begin }, "Sign in to Plex"),
      error ? h("p", { role: "alert", className: "text-danger mb-0" }, error) : null,
      found ? h(Servers, { found, onUrl }) : null
    );
  }

  /** @param {string} link only web addresses become links */
  const safe = (link) => (/^https?:\/\//.test(link || "") ? link : undefined);

  /** The servers of an account and which of their addresses answer. @param {any} props */
  function Servers({ found, onUrl }) {
    return h(
      "div",
      null,
      h("p", null, found.connected_as ? `Signed in as ${found.connected_as}.` : "Signed in."),
      (found.servers || []).map((/** @type {any} */ one) =>
        h(
          "div",
          { key: one.name, className: "s2p-server" },
          h("strong", null, one.name),
          h(
            "ul",
            { className: "list-unstyled mb-0" },
            (one.addresses || []).map((/** @type {any} */ place) =>
              h(
                "li",
                { key: place.url },
                h(Icon, {
                  name: place.ok ? "good" : "problem",
                  className: place.ok ? "text-success" : "text-danger",
                }),
                ` ${place.url} `,
                h("small", { className: "text-muted" }, place.text),
                place.ok
                  ? h(
                      Button,
                      {
                        kind: place.url === one.best ? "primary" : "secondary",
                        onClick: () => onUrl(place.url),
                      },
                      "Use this"
                    )
                  : null
              )
            )
          )
        )
      )
    );
  }

  /** A button that asks an operation, and what that has answered.
   * @param {{label: string, again?: string, operation: string, args?: Record<string, unknown>,
   *   className?: string, onAnswer?: (answer: any) => void, children?: any}} props children: makes
   *   what is shown of it
   */
  function Asked({ label, again, operation, args, className, onAnswer, children }) {
    const [answer, setAnswer] = React.useState(/** @type {any} */ (null));
    const action = hooks.useAction(undefined, true);
    const ask = () =>
      action.run(operation, async () => {
        setAnswer(null);
        const found = await server.operation(operation, args);
        setAnswer(found);
        if (onAnswer) onAnswer(found);
        return {};
      });
    return h(
      "div",
      { className: className || "s2p-folders" },
      h(
        Button,
        { kind: "secondary", onClick: ask, busy: action.busy === operation },
        (answer && again) || label
      ),
      answer ? children(answer) : null
    );
  }

  /** What was found, with examples. @param {{answer: any, children: (example: any) => any}} props */
  const Found = ({ answer, children }) =>
    h(
      React.Fragment,
      null,
      h("p", { role: "status", className: "s2p-result" }, answer.text),
      answer.examples.length > 0
        ? h(
            "ul",
            { className: "s2p-examples" },
            answer.examples.map((/** @type {any} */ example, /** @type {number} */ place) =>
              h("li", { key: place }, children(example))
            )
          )
        : null
    );

  /** Servers that answer in the local network. @param {{onUrl: (url: string) => void}} props */
  const Discover = ({ onUrl }) =>
    h(
      Asked,
      { label: "Look in my network", operation: "discover", className: "s2p-buttons" },
      (/** @type {any} */ { servers = [] }) =>
        servers.length === 0
          ? h("span", null, "No Plex answers there.")
          : servers.map((/** @type {any} */ one) =>
              h(
                Button,
                { key: one.url, kind: "secondary", onClick: () => onUrl(one.url) },
                `${one.name}: ${one.url}`
              )
            )
    );

  /** Whether Stash's folders and those of Plex line up, tried on a sample.
   * @param {{onMap: (map: string) => void, onGood?: () => void, libraries?: string,
   *   pathMap?: string}} props onGood: called when all of the sample do; libraries, pathMap: as they
   *   are typed, where they need not be saved yet
   */
  function Folders({ onMap, onGood, libraries, pathMap }) {
    const about = {
      label: "Check the folders",
      again: "Check again",
      operation: "check_folders",
      args: { path_map: pathMap, libraries },
      onAnswer: (/** @type {any} */ found) => {
        if (onGood && found.scenes > 0 && found.line_up === found.scenes) onGood();
      },
    };
    /** @param {any} example */
    const shown = (example) =>
      h(
        React.Fragment,
        null,
        h("code", { className: "s2p-path" }, example.path),
        h("div", null, example.text)
      );
    return h(Asked, about, (/** @type {any} */ answer) => [
      h(Found, { key: "found", answer }, shown),
      answer.suggested_path_map
        ? h(
            "p",
            { key: "advice", className: "s2p-advice" },
            h("code", { className: "s2p-path" }, answer.suggested_path_map),
            h(Button, { onClick: () => onMap(answer.suggested_path_map) }, "Use this path map")
          )
        : null,
    ]);
  }

  /** What rules that are typed would make of the library.
   * @param {{rules: string, least: string}} props
   */
  const Rules = ({ rules, least }) =>
    h(
      Asked,
      {
        label: "What would it make?",
        operation: "page_rules",
        args: { tag_rules: rules, collection_min_items: least },
      },
      (/** @type {any} */ answer) => h(Found, { answer }, (/** @type {string} */ each) => each)
    );

  /** Whether a message arrives. @param {{url: string}} props "" for what is saved */
  const Notification = ({ url }) =>
    h(
      Asked,
      {
        label: "Send a test message",
        operation: "try_notification",
        args: url ? { notify_url: url } : {},
      },
      (/** @type {any} */ answer) => h(ConnectionResult, { state: { answer } })
    );

  Object.assign(s2p.parts, {
    Rules,
    useConnection,
    ConnectionResult,
    SignIn,
    Discover,
    Folders,
    Notification,
  });
})();
