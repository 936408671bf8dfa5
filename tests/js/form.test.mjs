import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldOf, readConfig, errorsByField } from "../../heimdall_dash/browser/runs/create_form.js";

test("a schema's property becomes a field", () => {
  assert.deepEqual(fieldOf("epochs", { type: "integer", default: 500, minimum: 1, maximum: 9, unit: "epochs", description: "d" }),
    { name: "epochs", type: "integer", choices: [], isOptional: false, initial: 500, min: 1, max: 9, unit: "epochs", help: "d" });
  assert.equal(fieldOf("s", { enum: ["a", "b"], default: "a" }).type, "choice");
  const optional = fieldOf("sync_ns", { anyOf: [{ type: "number", minimum: 0 }, { type: "null" }], default: null });
  assert.deepEqual([optional.type, optional.isOptional, optional.initial], ["number", true, null]);
});

test("only what differs from its default is sent, and what is no number goes as it was typed", () => {
  const fields = [fieldOf("epochs", { type: "integer", default: 500 }), fieldOf("learning_rate", { type: "number", default: 0.001 }), fieldOf("seed", { type: "integer", default: 1 }), fieldOf("on", { type: "boolean", default: false })];
  assert.deepEqual(readConfig(fields, { epochs: "500", learning_rate: "fast", seed: "7", on: false }), { learning_rate: "fast", seed: 7 });
});

test("refusals find their fields", () => {
  assert.deepEqual(errorsByField([{ loc: ["body", "config", "epochs"], msg: "too many" }, { loc: ["body", "job_name"], msg: "empty" }, { loc: ["body"], msg: "odd" }]),
    { epochs: "too many", job_name: "empty", "": "odd" });
  assert.deepEqual(errorsByField("no"), { "": "no" });
});
