import assert from "node:assert/strict";
import { test } from "node:test";
import { roleOf } from "../../heimdall_dash/browser/figure/roles.js";
import { apartOnly, families, naturally } from "../../heimdall_dash/browser/figure/siblings.js";
import { grouped } from "../../heimdall_dash/browser/figure/grouping.js";

const titles = (names, run) => grouped(names, run).flatMap(({ charts }) => charts.map((chart) => chart.title));
const onOne = (names) => {
  const charts = grouped(names).flatMap((section) => section.charts);
  return charts.length === 1 ? charts[0].lines.map((line) => line.metric) : charts.length;
};

test("a role is read from the beginning, the end and between slashes", () => {
  const said = (name) => { const { role, base } = roleOf(name); return `${role}:${base}`; };
  const expected = {
    "train/loss": "train:loss", val_loss: "val:loss", "acc/train": "train:acc", "acc/val": "val:acc", eval_f1: "val:f1", test_f1: "test:f1",
    "validation/acc": "val:acc", "valid-rmse": "val:rmse", "metrics/val/loss": "val:metrics/loss", "metrics/val_loss": "val:metrics/loss",
    "loss_test": "test:loss", valLoss: "val:loss", loss: ":loss", validity: ":validity", "constraint/x": ":constraint/x", train: ":train",
    "top_test_score": ":top_test_score", "Loss/Train": "train:Loss", "training/lr": "train:lr",
  };
  for (const [name, parts] of Object.entries(expected)) assert.equal(said(name), parts, name);
});

test("train and validation of one thing stand on one chart, training first", () => {
  assert.deepEqual(onOne(["val_loss", "loss"]), ["loss", "val_loss"]);
  assert.deepEqual(onOne(["val/acc", "train/acc"]), ["train/acc", "val/acc"]);
  assert.deepEqual(onOne(["test_loss", "val_loss", "train_loss"]), ["train_loss", "val_loss", "test_loss"]);
  assert.deepEqual(onOne(["acc/train", "acc/val"]), ["acc/train", "acc/val"]);
  assert.deepEqual(onOne(["train/loss", "eval/loss"]), ["train/loss", "eval/loss"]);
  assert.equal(onOne(["train/loss", "val/acc"]), 2);
});

test("a metric alone has its name as it was logged for a title", () => {
  const names = ["mAP@0.5", "metrics/mAP50-95(B)", "top-1 acc", "loss[0]", "σ", "timing(s)/gen", "val/F1 (macro)", "<b>bold</b>", "=1+1", "метрика/точность", "x".repeat(120)];
  assert.deepEqual(titles(names).sort(), [...names].sort());
});

test("every metric stands on exactly one chart, whatever its name", () => {
  const names = ["__proto__", "constructor", "a/b", "a/b/c", "a.b", "0", "1", "10", "train", "val", "/", "*", "train/", "a*", "a1", "loss", "LOSS", "val/loss_1", "train/loss_1", "val/loss_2"];
  const charted = grouped(names).flatMap(({ charts }) => charts.flatMap((chart) => chart.lines.map((line) => line.metric)));
  assert.deepEqual(charted.sort(), [...names].sort());
  const withOwn = grouped([...names, "c_1", "val/c_1"], { alone: (name) => name === "c_1" });
  const keys = withOwn.flatMap(({ charts }) => charts.map((chart) => chart.key));
  assert.equal(new Set(keys).size, keys.length);
});

test("order is natural", () => {
  assert.deepEqual(["layer10", "layer2", "Layer1"].sort(naturally), ["Layer1", "layer2", "layer10"]);
});

test("numbered siblings stand on one chart: what varies most is what is numbered", () => {
  const gpus = [0, 1, 2, 3].flatMap((k) => [`gpu${k}/util`, `gpu${k}/mem_gb`]);
  const [section] = grouped(gpus);
  assert.deepEqual([section.name, section.charts.map((chart) => chart.title)], ["gpu", ["gpu*/mem_gb", "gpu*/util"]]);
  assert.deepEqual(section.charts[1].lines.map((line) => line.metric), ["gpu0/util", "gpu1/util", "gpu2/util", "gpu3/util"]);
  const layers = Array.from({ length: 6 }, (_, l) => [1, 2].map((k) => `layers.${l}.fc${k}`)).flat();
  assert.deepEqual(families(layers).map((family) => family.pattern), ["layers.*.fc1", "layers.*.fc2"]);
});

test("more siblings than colours are spread over charts of equal size, each named by its numbers", () => {
  const names = Array.from({ length: 24 }, (_, l) => `norm/encoder.layer.${l}.attention.self.query`);
  const [{ charts }] = grouped(names);
  assert.deepEqual(charts.map((chart) => [chart.title, chart.lines.length]), [
    ["norm/encoder.layer.*.attention.self.query, 0–11", 12], ["norm/encoder.layer.*.attention.self.query, 12–23", 12],
  ]);
  assert.deepEqual(charts[0].lines.slice(0, 2).map((line) => line.name), ["layer.0", "layer.1"]);
});

test("train and validation of numbered siblings share the sibling's colour", () => {
  const [{ charts: [chart] }] = grouped(["train/top1", "val/top1", "train/top5", "val/top5"]);
  assert.deepEqual([chart.title, chart.lines.map(({ metric, color, role }) => [metric, color, role])], ["top*", [
    ["train/top1", 0, "train"], ["val/top1", 0, "val"], ["train/top5", 1, "train"], ["val/top5", 1, "val"]]]);
});

test("key metrics come first, then losses, then the rest by prefix, the system last", () => {
  const names = ["system/cpu", "alpha/x", "lr", "val/mIoU", "train/mIoU", "zeta/x", "kl_loss", "train/loss", "val/loss"];
  const sections = grouped(names, { keyMetrics: ["val/mIoU"] });
  assert.deepEqual(sections.map((section) => section.name), ["", "alpha", "zeta", "system"]);
  assert.deepEqual(sections[0].charts.map((chart) => chart.title), ["mIoU", "loss", "kl_loss", "lr"]);
});

test("flat names that begin alike make a section, others follow without a heading", () => {
  const sections = grouped(["calm_x", "sharpness_a", "sharpness_b", "sharpness_c"]);
  assert.deepEqual(sections.map(({ name, charts }) => [name, charts.length]), [["", 1], ["sharpness", 3]]);
});

test("a metric with words of its own shares a chart with no other", () => {
  const charts = grouped(["coverage_50", "coverage_68", "p1", "p2"], { alone: (name) => name.startsWith("coverage") }).flatMap((section) => section.charts);
  assert.deepEqual(charts.map((chart) => chart.lines.length).sort(), [1, 1, 2]);
});

test("a chart keeps its key when the rest of its pair comes", () => {
  const key = (names) => grouped(names)[0].charts[0].key;
  assert.equal(key(["train/loss"]), key(["train/loss", "val/loss"]));
});

test("two thousand norms are a few hundred charts, at once", () => {
  const names = Array.from({ length: 48 }, (_, l) => ["q", "k", "v", "o", "up", "down"].flatMap((m) =>
    ["weight", "bias", "grad", "update", "a", "b", "c"].map((of) => `norm/blocks.${l}.mod.${m}.${of}`))).flat();
  assert.equal(names.length, 2016);
  const charts = grouped(names).flatMap((section) => section.charts);
  assert.equal(charts.length, 42 * 4);
  assert.equal(charts.reduce((sum, chart) => sum + chart.lines.length, 0), 2016);
});

test("a legend names what differs", () => {
  assert.deepEqual(apartOnly(["grad/layer1.w", "grad/layer2.w"]), ["layer1", "layer2"]);
  assert.deepEqual(apartOnly(["a", "b/c"]), ["a", "b/c"]);
  assert.deepEqual(apartOnly(["x/a", "x/a/b"]), ["a", "a/b"]);
  assert.deepEqual(apartOnly(["only"]), ["only"]);
});
