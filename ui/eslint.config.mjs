import js from "@eslint/js";

const BROWSER = ["window", "document", "fetch", "console", "URLSearchParams", "navigator"];
const NODE = ["process", "console", "URL", "URLSearchParams", "setTimeout", "clearTimeout"];
const globals = (names) => Object.fromEntries(names.map((name) => [name, "readonly"]));

export default [
  { ignores: ["node_modules/"] },
  js.configs.recommended,
  {
    // What browsers of the last years run as it is; there is no build step.
    files: ["*.js", "views/*.js"],
    languageOptions: { ecmaVersion: 2019, sourceType: "script", globals: globals(BROWSER) },
    rules: {
      eqeqeq: "error",
      "max-lines": ["error", 350],
      // The function around each file does not count.
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, IIFEs: false }],
      "no-var": "error",
      "prefer-const": "error",
      "no-unused-vars": ["error", { args: "after-used", caughtErrors: "none" }],
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Text goes into React's text nodes." },
        { property: "dangerouslySetInnerHTML", message: "Text goes into React's text nodes." },
      ],
    },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals(NODE) },
  },
];
