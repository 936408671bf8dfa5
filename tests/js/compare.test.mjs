import assert from "node:assert/strict";
import { test } from "node:test";
import { CompareScale } from "../../heimdall_dash/browser/runs/compare.js";
import { summaryRows, configRows } from "../../heimdall_dash/browser/runs/compare_table.js";
import { Histories, GAP_MS } from "../../heimdall_dash/browser/runs/histories.js";
import { Palette } from "../../heimdall_dash/browser/runs/palette.js";
import { direction, bestOf, winners } from "../../heimdall_dash/browser/series/better.js";
import { golden } from "./golden.mjs";

const { directions } = golden("rules.json");

test("the trainer's metrics have the direction that docs/trainer.md states", () => {
  const ways = (names) => Object.fromEntries(names.map((name) => [name, direction(name, directions).way]));
  for (const name of ["train_loss", "val_loss", "train_objective", "val_rmse_m", "val_rmse_good_geom_m", "val_distance_p68_m",
    "train_distance_p68_m", "uncertainty_calibration_error", "expected_calibration_error", "ence", "energy_score_m",
    "skipped_steps", "epoch_duration_seconds"]) assert.deepEqual(ways([name]), { [name]: "lower" });
  assert.equal(direction("error_rank_correlation", directions).way, "higher");
  for (const [name, target] of [["coverage_50", 0.5], ["coverage_68", 0.68], ["coverage_95", 0.95], ["eval/coverage_95", 0.95],
    ["uncertainty_ratio_p68", 1], ["z_std", 1], ["z_std_robust", 1], ["expected_calibration_error_signed", 0]]) {
    assert.deepEqual(direction(name, directions), { way: "target", target });
  }
  for (const name of ["mean_predicted_uncertainty_m", "predicted_distance_p68_m", "sharpness_m", "gradient_norm",
    "weight_norm", "learning_rate", "mean_gdop"]) assert.equal(direction(name, directions).way, "unknown", name);
});

test("foreign metrics are known by a whole word of their name, and nothing is guessed of others", () => {
  for (const name of ["accuracy", "val_acc", "eval/f1", "top5_accuracy", "valAccuracy", "test/mAP", "map50", "roc_auc", "R2",
    "bleu", "mean_iou", "precision", "recall", "psnr", "ssim"]) assert.equal(direction(name).way, "higher", name);
  for (const name of ["loss/train", "dice_loss", "trainLoss", "wer", "val_mae"]) assert.equal(direction(name).way, "lower", name);
  for (const name of ["loss_scale", "accident_rate", "mapping", "foo", "temperature_c", "lossless_bytes", "toString"]) {
    assert.equal(direction(name).way, "unknown", name);
  }
});

test("the best value is the first that is best, gaps are passed over", () => {
  const best = (values, known) => bestOf([1, 2, 3, 4], values, known);
  assert.deepEqual(best([3, null, 1, 1], { way: "lower" }), { value: 1, epoch: 3 });
  assert.deepEqual(best([3, 5, 1, 5], { way: "higher" }), { value: 5, epoch: 2 });
  assert.deepEqual(best([0.2, 0.9, 0.7, 0.5], { way: "target", target: 0.68 }), { value: 0.7, epoch: 3 });
  assert.equal(best([null, null, null, null], { way: "lower" }), null);
});

test("a winner needs somebody to win against", () => {
  const of = (...values) => winners(values.map((value) => (value === null ? null : { value })), { way: "higher" });
  assert.deepEqual(of(1, 3, 2), [false, true, false]);
  assert.deepEqual(of(3, 3, 2), [true, true, false]);
  assert.deepEqual(of(3, 3), [false, false]);
  assert.deepEqual(of(3, null), [false, false]);
});

const texts = new Proxy({}, { get: (_, name) => ({ value_at_epoch: "{value} at {epoch}", epoch_count: "{current}/{total}" })[name] || `${String(name)} {metric}` });
const compared = (values) => values.map((column, i) => ({
  job: { id: `j${i}`, status: "running", current_epoch: 2, total_epochs: 9, best_val_loss: 5 - i, best_epoch: 1 },
  columns: { epoch: [1, 2], x: column, accuracy: column },
}));

test("the table marks the best cell, and shows lowest and highest where nobody knows what is better", () => {
  const rows = summaryRows(compared([[0.1, 0.2], [0.4, 0.3]]), "accuracy", texts, {});
  const row = (start) => rows.find(({ name }) => name.startsWith(start));
  assert.deepEqual(row("compare_higher").cells, [{ text: "0.200 at 2", isBest: false }, { text: "0.400 at 1", isBest: true }]);
  assert.deepEqual(row("compare_lower").cells.map((cell) => cell.isBest), [false, true], "validation loss");
  assert.deepEqual(row("compare_last_row").cells.map((cell) => cell.text), ["0.200", "0.300"]);
  const unknown = summaryRows(compared([[0.1, 0.2], [0.4, 0.3]]), "x", texts, {});
  const cells = (start) => unknown.find(({ name }) => name.startsWith(start)).cells;
  assert.deepEqual(cells("compare_lowest").map((cell) => cell.text), ["0.100 at 1", "0.300 at 2"]);
  assert.deepEqual(cells("compare_highest").map((cell) => cell.text), ["0.200 at 2", "0.400 at 1"]);
  assert.ok([...cells("compare_lowest"), ...cells("compare_highest")].every((cell) => !cell.isBest));
});

test("settings that differ come first and are marked", () => {
  assert.deepEqual(configRows([{ a: 1, b: 2 }, { a: 1, b: 3, c: 4 }]), [
    { name: "b", values: [2, 3], differs: true }, { name: "c", values: [null, 4], differs: true }, { name: "a", values: [1, 1], differs: false },
  ]);
});

test("a job keeps its colour and dash whoever comes or goes, and no two look alike", () => {
  const ids = Array.from({ length: 12 }, (_, i) => `job-${i}`);
  const palette = new Palette(7, 6);
  const before = palette.of(ids);
  assert.equal(new Set(before.map(({ color, dash }) => `${color} ${dash}`)).size, 12);
  assert.deepEqual(palette.of(ids.slice(5)), before.slice(5));
  assert.deepEqual(palette.of([...ids].reverse()), [...before].reverse());
  assert.deepEqual(new Palette(7, 6).of([...ids].reverse()), [...before].reverse(), "in whatever order a link names them");
  assert.equal(new Set(palette.of(ids.slice(0, 7)).map(({ color }) => color)).size <= 7, true);
});

/** The comparison's scale, on a page that notes what it is told. */
function scaleOf(view) {
  const spec = { id: "compare-chart", scale: "linear" };
  const seen = { told: [], chosen: [] };
  const page = {
    config: { metrics: {} },
    view: { compare: ["a", "b"], metric: "x", scales: {}, chart: () => ({ scale: page.view.scales[spec.id] || spec.scale }), ...view },
    setProps: (_, { value }) => seen.told.push(value),
    scaled: (id, scale) => { seen.chosen.push(scale); page.view.scales[id] = scale; },
  };
  return { spec, seen, view: page.view, scale: new CompareScale(page, spec) };
}

const fall = Array.from({ length: 20 }, (_, i) => 70_000 * 0.6 ** i);

test("a metric that falls over decades is compared on a log axis, decided once all curves are there", () => {
  const { spec, seen, view, scale } = scaleOf();
  scale.settle([{ columns: {} }], false);
  scale.settle([{ columns: { x: fall } }], false);
  assert.equal(spec.scale, "log");
  scale.settle([{ columns: { x: fall, y: [1, 2] } }, { columns: { x: [1, 2] } }], true);
  scale.settle([{ columns: { x: fall } }, { columns: { x: [1, -2] } }], true);
  assert.equal(spec.scale, "log", "what comes later changes nothing");
  view.metric = "y";
  scale.settle([{ columns: { x: fall, y: [1, 2] } }], true);
  assert.equal(spec.scale, "linear", "another metric is decided anew");
  view.metric = "x";
  view.compare = ["a"];
  scale.settle([{ columns: { x: [...fall, -2] } }], true);
  assert.equal(spec.scale, "linear", "and other jobs");
  assert.deepEqual([seen.told, seen.chosen], [["log", "linear"], []], "the toggle says what is drawn");
});

test("the reader's choice of a scale wins, and what the page itself told the toggle is none", () => {
  const { spec, seen, view, scale } = scaleOf();
  scale.settle([{ columns: { x: fall } }], true);
  scale.chosen("log");
  assert.deepEqual(seen.chosen, [], "an echo");
  scale.chosen("linear");
  view.metric = "y";
  scale.settle([{ columns: { y: fall } }], true);
  assert.deepEqual([seen.chosen, seen.told, spec.scale, view.chart().scale], [["linear"], ["log"], "log", "linear"]);
});

/** A store that answers by hand; the clock is ours. */
function setUp(answers) {
  const seen = { time: 0, asked: [], changes: 0 };
  const world = {
    now: () => seen.time, random: () => 0.5,
    call: async (_, path) => {
      seen.asked.push(path);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return structuredClone(answer);
    },
  };
  return { seen, histories: new Histories(world, () => (seen.changes += 1)), settle: () => new Promise((resolve) => setImmediate(resolve)) };
}

const answer = (first, last, stream = "s") => {
  const epoch = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return { stream, cursor: `${last}-1`, total: epoch.length, columns: { epoch, a: [...epoch] } };
};
const newer = (after, first, last, more) => ({ ...answer(first, last), after: `${after}-1`, ...more });
const job = (epoch, more) => ({ id: "j", attempt: 0, position: `${epoch}-1`, last_metric_at: `t${epoch}`, ...more });

test("a compared job is asked for when it moved, after its cursor, at most twice a second, and else never", async () => {
  const { seen, histories, settle } = setUp([answer(1, 4), newer(4, 5, 6), newer(6, 7, 9)]);
  histories.follow([job(4)]);
  histories.follow([job(4)]);
  await settle();
  seen.time = 60_000;
  histories.follow([job(4)]);
  assert.equal(seen.asked.length, 1, "nothing moved");
  histories.follow([job(6)]);
  await settle();
  assert.equal(seen.asked[1], "/jobs/j/metrics?points=2000&cursor=4-1&stream=s");
  histories.follow([job(9)]);
  assert.equal(seen.asked.length, 2, "too soon after the last");
  seen.time += GAP_MS;
  histories.follow([job(9)]);
  await settle();
  assert.deepEqual(histories.of("j").columns.epoch, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual([seen.changes, histories.of("j").total], [3, 9]);
});

test("a compared job is asked for again after a failure, later and later, and at once when the server is back", async () => {
  const { seen, histories, settle } = setUp([new TypeError("away"), new TypeError("away"), answer(1, 2)]);
  histories.follow([job(2)]);
  await settle();
  histories.follow([job(2)]);
  assert.equal(seen.asked.length, 1);
  seen.time += GAP_MS;
  histories.follow([job(2)]);
  await settle();
  assert.equal(seen.asked.length, 2);
  histories.wake();
  histories.follow([job(2)]);
  await settle();
  assert.deepEqual(histories.of("j").columns.epoch, [1, 2]);
});

test("a history that was begun anew, or came back with less, is loaded afresh", async () => {
  const { seen, histories, settle } = setUp([answer(1, 4), answer(1, 6, "t"), answer(1, 3, "t")]);
  histories.follow([job(4)]);
  await settle();
  seen.time = 1000;
  histories.follow([job(6)]);
  await settle();
  await settle();
  assert.deepEqual(histories.of("j").columns.epoch, [1, 2, 3, 4, 5, 6]);
  assert.equal(histories.of("j").stream, "t");
  seen.time = 2000;
  histories.follow([job(3)]);
  await settle();
  assert.deepEqual(histories.of("j").columns.epoch, [1, 2, 3]);
  assert.equal(seen.asked.at(-1), "/jobs/j/metrics?points=2000&cursor=6-1&stream=t");
  histories.follow([]);
  assert.deepEqual(histories.of("j").columns.epoch, [], "nothing is kept of a job that is not compared");
});

test("late cells of a compared job arrive, and so does a taking back", async () => {
  const late = { after: "4-1", cursor: "4-2", columns: { epoch: [2], a: [9] } };
  const back = { after: "4-2", cursor: "4-3", take_back: 2, columns: { epoch: [] } };
  const { seen, histories, settle } = setUp([answer(1, 4), { ...answer(1, 1), ...late }, { ...answer(1, 1), ...back }]);
  for (const position of ["4-1", "4-2", "4-3"]) {
    histories.follow([job(4, { position })]);
    await settle();
    seen.time += GAP_MS;
    if (position === "4-2") assert.deepEqual(histories.of("j").columns.a, [1, 9, 3, 4]);
  }
  assert.deepEqual(histories.of("j").columns.epoch, [1, 2]);
  assert.equal(seen.asked.length, 3);
});
