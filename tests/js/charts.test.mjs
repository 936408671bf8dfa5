import assert from "node:assert/strict";
import { test } from "node:test";
import { otherSpec } from "../../heimdall_dash/browser/charts/other_charts.js";
import { zoomedBy } from "../../heimdall_dash/browser/charts/ranges.js";
import { proven, lacks } from "../../heimdall_dash/browser/figure/spec.js";

const texts = { value: "Value", ideal: "Ideal: {value}", units: { m: "Metres (m)", fraction: "Fraction" } };

test("a metric nobody described gets its words from its name", () => {
  const spec = otherSpec("eval/queue_wait_m", undefined, "log", texts);
  assert.deepEqual([spec.title, spec.y_label, spec.unit, spec.scale, spec.hint], ["Queue wait", "Metres (m)", "m", "log", "eval/queue_wait_m"]);
  assert.equal(otherSpec("reward", undefined, "linear", texts).y_label, "Value");
});

test("a metric that is known says what it means, and where it should be", () => {
  const known = { title: "Coverage at 68 %", unit: "fraction", hint: "Share inside.", ideal: 0.68 };
  const spec = otherSpec("coverage_68", known, "linear", texts);
  assert.deepEqual([spec.title, spec.y_label, spec.unit, spec.hint], ["Coverage at 68 %", "Fraction", "", "coverage_68: Share inside."]);
  assert.deepEqual(spec.references, [{ name: "Ideal: 0.68", value: 0.68, fact: null }]);
});

test("what only our trainer's metrics mean is not said of anybody's", () => {
  const known = { title: "Evaluation time", unit: "s", hint: "Wall time.", ideal: null, proof: "ours" };
  const spec = otherSpec("eval_seconds", known, "linear", { ...texts, units: { s: "Seconds (s)" } });
  assert.deepEqual([proven(spec, { ours: null }).hint, proven(spec, {}).hint], ["eval_seconds: Wall time.", "eval_seconds"]);
  const objective = otherSpec("train_objective", { ...known, unit: "nats" }, "linear", texts);
  const said = (facts) => { const { y_label, unit } = proven(objective, facts); return [y_label, unit]; };
  assert.deepEqual([said({ ours: 1 }), said({}), said(null)], [["nats", "nats"], ["Value", ""], ["Value", ""]]);
  const anybodys = otherSpec("reward", undefined, "linear", texts);
  assert.equal(proven(anybodys, {}), anybodys);
});

test("a chart lacks what a job with epochs never published, not what was never finite", () => {
  const spec = { lines: [{ metric: "a" }, { metric: "b" }] };
  assert.deepEqual([{ epoch: [] }, { epoch: [1], c: [1] }, { epoch: [1], b: [null] }].map((columns) => lacks(spec, columns)), [false, true, false]);
});

test("keys move and zoom, and undo both", () => {
  const now = { x: [0, 100], y: [-1, 1] };
  assert.deepEqual(zoomedBy(">", now, now.y), { x: [15, 115], y: [-1, 1] });
  assert.deepEqual(zoomedBy("ArrowUp", now, null), { x: [0, 100], y: [-0.7, 1.3] });
  assert.deepEqual(zoomedBy("+", now, null).x, [15, 85]);
  assert.equal(zoomedBy("0", now, null), null);
  assert.equal(zoomedBy("Tab", now, null), undefined);
});
