import assert from "node:assert/strict";
import { test } from "node:test";
import { tickText, tickTexts, logTicks, linearTicks } from "../../heimdall_dash/browser/figure/ticks.js";
import { valueText, durationText } from "../../heimdall_dash/browser/figure/words.js";
import { golden } from "./golden.mjs";

const PREFERRED = [0.05, 0.5, 1, 10, 100, 1000, 2500, 10000];

test("tick and hover texts are those written down", () => {
  const { ticks, hover } = golden("ticks.json");
  for (const [value, text] of ticks) assert.equal(tickText(value), text);
  for (const [value, unit, text] of hover) assert.equal(valueText(value, unit), text);
});

test("a log axis over all of the preferred values shows exactly them", () => {
  const values = logTicks(0.04, 12_000, PREFERRED, 9);
  assert.deepEqual(tickTexts(values), ["0.05", "0.5", "1", "10", "100", "1k", "2.5k", "10k"]);
});

test("a log axis beyond the preferred values goes on in decades", () => {
  assert.deepEqual(tickTexts(logTicks(5, 90_000, PREFERRED, 9)), ["10", "100", "1k", "2.5k", "10k"]);
  assert.ok(logTicks(5, 400_000, PREFERRED, 9).includes(100_000));
});

test("every log range has at least two ticks, rising, inside, with texts that differ", () => {
  for (let low = 1e-9; low < 1e7; low *= 7.3) {
    for (const factor of [1.02, 1.2, 2, 5, 30, 1e3, 1e8]) {
      const high = low * factor;
      for (const preferred of [[], PREFERRED]) {
        const values = logTicks(low, high, preferred, 9);
        assert.ok(values.length >= 2 && values.length <= 17, `${low}…${high}: ${values}`);
        assert.ok(values.every((v, i) => v >= low * 0.999 && v <= high * 1.001 && (i === 0 || v > values[i - 1])), `${low}…${high}: ${values}`);
        assert.equal(new Set(tickTexts(values)).size, values.length);
      }
    }
  }
});

test("linear ticks are round", () => {
  assert.deepEqual(linearTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(linearTicks(-6.2, 12.9, 5), [-5, 0, 5, 10]);
  assert.deepEqual(linearTicks(3, 3), [3]);
});

test("durations read as people say them", () => {
  assert.deepEqual([0, 3, 59.6, 61, 3600, 7500, 90_000, -5].map(durationText),
    ["0 s", "3 s", "1 min", "1 min", "1 h", "2 h 5 min", "1 d 1 h", "0 s"]);
});

test("huge and tiny ticks stay short, and none says another number than its own", () => {
  assert.deepEqual(tickTexts([1e19, 2e19]), ["1e19", "2e19"]);
  assert.deepEqual(tickTexts([0, 2.5e-13, 5e-13]), ["0", "2.5e−13", "5e−13"]);
  assert.deepEqual(tickTexts([0.25, 0.5, 0.75, 1, 1.25]), ["0.25", "0.5", "0.75", "1", "1.25"]);
  assert.deepEqual(tickTexts([0, 1250, 2500]), ["0", "1250", "2500"]);
  assert.deepEqual(tickTexts([1_000_000, 2_000_000]), ["1M", "2M"]);
  for (let low = 1e-20; low < 1e25; low *= 13) {
    for (const text of tickTexts(linearTicks(0, low, 6))) assert.ok(text.length <= 8, text);
  }
});
