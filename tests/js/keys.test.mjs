import assert from "node:assert/strict";
import { test } from "node:test";
import { askedBy } from "../../heimdall_dash/browser/page/keys.js";

const pressed = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, target: { closest: () => null }, ...more });

test("a slash asks for the search and a question mark for help, where nobody is typing", () => {
  assert.deepEqual(["/", "?", "a"].map((key) => askedBy(pressed(key))), ["search", "help", null]);
  assert.equal(askedBy(pressed("/", { target: { closest: () => ({}) } })), null);
  for (const held of ["ctrlKey", "metaKey", "altKey"]) assert.equal(askedBy(pressed("/", { [held]: true })), null);
});
