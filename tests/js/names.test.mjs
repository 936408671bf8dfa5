import assert from "node:assert/strict";
import { test } from "node:test";
import { plotText, unitOf, valueUnitOf, matches, prefersLog, firstScale } from "../../heimdall_dash/browser/figure/names.js";

test("units come from names", () => {
  const said = ["sharpness_p10_m", "eval/gpu_wait_seconds", "queue_delay_ms", "snr_db", "gdop_below_5_percent", "eval/f1", "reward", "_"];
  assert.deepEqual(said.map(unitOf), ["m", "s", "ms", "dB", "%", "", "", ""]);
});

test("a metric's name carries its unit; a fraction's values are read without", () => {
  const names = ["val_distance_p68_m", "epoch_duration_seconds", "val_loss", "clipped_fraction"];
  assert.deepEqual(names.map(unitOf), ["m", "s", "", "fraction"]);
  assert.deepEqual(names.map(valueUnitOf), ["m", "s", "", ""]);
});

test("a name that objects have by themselves has no unit", () => {
  assert.deepEqual(["a_constructor", "__proto__", "x_valueof"].map(unitOf), ["", "", ""]);
});

test("names from outside are shown as they are, not read as HTML", () => {
  assert.equal(plotText("<b>a</b> & b"), "&lt;b>a&lt;/b> &amp; b");
});

test("a search finds words in any order and case", () => {
  assert.ok(matches("Sharpness p10 sharpness_p10_m", "P10 sharp"));
  assert.ok(!matches("Sharpness p10", "p90"));
  assert.ok(matches("anything", "  "));
});

test("a log axis is proposed for positive values over more than two decades only", () => {
  const fall = Array.from({ length: 20 }, (_, i) => 1000 * 0.6 ** i);
  assert.equal(prefersLog(fall), true);
  assert.equal(prefersLog([...fall, 0]), false);
  assert.equal(prefersLog([null, ...fall.slice(0, 5)]), false);
  assert.equal(prefersLog(fall.map((value) => 1 + value / 1e6)), false);
});

test("a share, and what has a perfect value, is first read on a linear axis", () => {
  const fall = Array.from({ length: 20 }, (_, i) => 1000 * 0.6 ** i);
  const of = (metric, known) => firstScale(metric, fall, known);
  assert.deepEqual([of("val_distance_p68_m"), of("clipped_fraction"), of("gdop_below_5_percent")], ["log", "linear", "linear"]);
  assert.deepEqual([of("z", { unit: "1", ideal: 1 }), of("ece", { unit: "1", ideal: 0 }), of("c", { unit: "fraction", ideal: null })], ["linear", "log", "linear"]);
  assert.equal(firstScale("a", [...fall, -1]), "linear");
});

test("a score between 0 and 1 is first read on a linear axis, a loss and a learning rate are not", () => {
  const fall = Array.from({ length: 20 }, (_, i) => 0.9 * 0.6 ** i);
  const first = (name) => firstScale(name, fall);
  assert.deepEqual(["val/acc", "mAP50", "dropped", "val/loss", "lr", "grad_norm"].map(first), ["linear", "linear", "linear", "log", "log", "log"]);
});
