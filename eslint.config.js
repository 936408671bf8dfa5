// What the linter holds the browser's modules and their tests to.
import js from "@eslint/js";
import globals from "globals";

const ROOMS = ["wire", "series", "figure", "charts", "runs", "page"];

/** A room imports only from rooms to its left. */
const rooms = ROOMS.map((room, i) => ({
  files: [`heimdall_dash/browser/${room}/*.js`],
  rules: {
    "no-restricted-imports": ["error", {
      patterns: ROOMS.slice(i + 1).map((right) => ({
        group: [`../${right}/*`], message: `${room}/ imports only from rooms to its left.`,
      })),
    }],
  },
}));

/** What decides is pure: the socket, the clock and Plotly come in as arguments. */
const PURE_NAMES = ["document", "window", "setTimeout", "setInterval", "requestAnimationFrame", "location", "history"];

export default [
  { ignores: ["**/vendor/", "node_modules/", ".venv*/", "**/*.min.js"] },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-shadow": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-console": ["error", { allow: ["error"] }],
    },
  },
  { files: ["heimdall_dash/browser/**/*.js"], languageOptions: { globals: globals.browser, sourceType: "module" } },
  {
    files: ["heimdall_dash/browser/{series,figure}/*.js"],
    rules: { "no-restricted-globals": ["error", ...PURE_NAMES] },
  },
  { files: ["heimdall_dash/assets/*.js"], languageOptions: { globals: globals.browser, sourceType: "script" } },
  { files: ["tests/js/*.mjs", "*.config.js"], languageOptions: { globals: globals.node } },
  ...rooms,
];
