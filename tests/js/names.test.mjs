import assert from "node:assert/strict";
import { test } from "node:test";
import { core } from "./core.mjs";

const { unitOf, titleOf, matches, prefersLog } = core.names;

test("titles and units come from names", () => {
  const said = ["sharpness_p10_m", "eval/gpu_wait_seconds", "queue_delay_ms", "snr_db", "gdop_below_5_percent", "eval/f1", "reward", "_"];
  assert.deepEqual(said.map((name) => [titleOf(name), unitOf(name)]), [
    ["Sharpness p10", "m"], ["GPU wait time", "s"], ["Queue delay", "ms"], ["SNR", "dB"], ["GDOP below 5", "%"], ["F1", ""], ["Reward", ""], ["_", ""],
  ]);
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
