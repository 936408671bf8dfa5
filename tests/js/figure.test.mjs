import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeEnd } from "../../heimdall_dash/browser/charts/ranges.js";
import { lineFigure } from "../../heimdall_dash/browser/figure/line_figure.js";
import { reliabilityFigure } from "../../heimdall_dash/browser/figure/diagrams.js";

const colors = { lines: ["#1", "#2", "#3"], text: "", muted: "", grid: "", axis: "", paper: "", reference: "", gap: "", hover: "" };
const texts = { log_scale: "Log Scale", linear_scale: "Linear Scale", axis_epoch: "Epoch", axis_relative: "Time ({unit})", axis_wall: "Wall", not_on_log: "{n} hidden", gap: "1 gap", gaps: "{n} gaps", mark_best: "best {epoch}", point: "point", points: "points", axis_expected: "Expected", expected: "Expected", diagonal: "diagonal" };
const look = { colors, texts, width: 600, height: 360, font: "x" };
const spec = { id: "c", title: "Chart", y_label: "Value (m)", unit: "m", scale: "log", ticks: [], references: [{ name: "target", value: 30, fact: null }, { name: "bound", value: null, fact: "crlb" }], lines: [{ metric: "a", name: "A", dash: "solid", axis: 1 }, { metric: "b", name: "B", dash: "dot", axis: 1 }] };
const view = (more) => ({ scale: "log", smoothing: 0, x: "epoch", zoom: null, ...more });
const source = (columns, more) => ({ columns, job: {}, facts: {}, notes: [], ...more });

test("each line holds every epoch once, in order", () => {
  const epoch = Array.from({ length: 5000 }, (_, i) => i);
  const { data } = lineFigure(spec, source({ epoch, a: epoch.map((e) => e + 1), b: epoch.map((e) => e + 2) }), view(), look);
  assert.deepEqual(data.map((line) => line.x), [epoch, epoch]);
});

test("the same input gives the same figure", () => {
  const columns = { epoch: [1, 2], a: [1, 2], b: [3, 4] };
  assert.deepEqual(lineFigure(spec, source(columns), view(), look), lineFigure(spec, source(columns), view(), look));
});

test("the label says the scale; title and label do where it is the chart's subject", () => {
  const plain = lineFigure(spec, source({ epoch: [1], a: [1] }), view({ scale: "log" }), look).layout;
  assert.deepEqual([plain.title.text, plain.yaxis.title.text], ["Chart", "Value (m) - Log Scale"]);
  const at = (scale) => lineFigure({ ...spec, says_scale: true }, source({ epoch: [1], a: [1] }), view({ scale }), look).layout;
  assert.equal(at("log").title.text, "Chart (Log Scale)");
  assert.equal(at("log").yaxis.title.text, "Value (m) - Log Scale");
  assert.equal(at("linear").title.text, "Chart (Linear Scale)");
});

test("what a log axis cannot show is left out and counted", () => {
  const { data, notes } = lineFigure(spec, source({ epoch: [1, 2, 3], a: [5, 0, 7], b: [1, -1, 2] }), view(), look);
  assert.deepEqual(data[0].y, [5, null, 7]);
  assert.deepEqual(notes, ["2 points hidden"]);
});

test("a value that was not finite breaks the line, is shaded and named", () => {
  const notFinite = { a: { 2: "nan" } };
  const { data, layout, notes } = lineFigure(spec, source({ epoch: [1, 2, 3, 4], a: [5, null, 7, 8] }, { notFinite }), view(), look);
  assert.deepEqual(notes, ["1 gap"]);
  assert.deepEqual([data[0].x, data[0].y], [[1, 2, 3, 4], [5, null, 7, 8]]);
  assert.equal(data.length, 1);
  assert.deepEqual([data[0].mode, data[0].marker.size], ["lines+markers", [5, 0, 0, 0]], "the point that stands alone is seen");
  assert.deepEqual(layout.shapes.filter((shape) => shape.type === "rect").map((shape) => [shape.x0, shape.x1]), [[1, 3]]);
});

test("a value that nobody wrote is no gap: the line connects", () => {
  const { data, layout, notes } = lineFigure(spec, source({ epoch: [1, 2, 3, 4], a: [5, null, 7, 8], b: [null, 1, null, null] }), view(), look);
  assert.deepEqual([notes, layout.shapes.filter((shape) => shape.type === "rect")], [[], []]);
  assert.deepEqual([data[0].x, data[0].y], [[1, 3, 4], [5, 7, 8]]);
  assert.equal(data[1].mode, "lines+markers", "one point alone is a point");
});

test("smoothing leaves the raw line faintly visible", () => {
  const { data } = lineFigure(spec, source({ epoch: [1, 2], a: [1, 100] }), view({ smoothing: 0.5 }), look);
  assert.equal(data.length, 2);
  assert.deepEqual(data[1].y, [1, 100]);
  assert.ok(data[1].opacity < 0.5);
});

test("a reference is drawn when its fact is known", () => {
  const at = (facts) => lineFigure(spec, source({ epoch: [1], a: [1] }, { facts }), view(), look).layout;
  const heights = (facts) => at(facts).shapes.filter((shape) => shape.name).map((shape) => shape.y0);
  assert.deepEqual(heights({}), [30]);
  assert.deepEqual(heights({ crlb: 20.5 }), [30, 20.5]);
  assert.deepEqual(at({ crlb: 20.5 }).annotations.map((mark) => mark.text), ["target", "bound: 20.5 m"]);
});

test("best epoch, resumption and warning are marked", () => {
  const { layout } = lineFigure(spec, source({ epoch: [1, 2, 3], a: [1, 2, 3] }, { job: { best_epoch: 2 }, notes: [{ kind: "resumed", epoch: 3, message: "m" }, { kind: "warning", epoch: 1, message: "w" }] }), view(), look);
  assert.deepEqual(layout.annotations.filter((mark) => mark.name === "mark").map((mark) => [mark.text, mark.x]), [["★", 2], ["↻", 3], ["⚠", 1]]);
});

test("a zoom stays and the axis follows without one", () => {
  const columns = { epoch: [0, 50, 100], a: [1, 2, 3] };
  const zoom = { x: [10, 20], y: [0, 1] };
  const at = (z) => lineFigure(spec, source(columns), view({ zoom: z }), look).layout;
  assert.deepEqual([at(zoom).xaxis.range, at(zoom).yaxis.range], [zoom.x, zoom.y]);
  assert.ok(at(null).xaxis.range[1] >= 100);
});

test("a zoom in relative time means the same when the run has become longer", () => {
  const zoom = { x: [10, 20], y: [0, 1] };
  const at = (count) => {
    const epoch = Array.from({ length: count }, (_, i) => i);
    const timestamp = epoch.map((i) => new Date(Date.UTC(2026, 10, 23, 10, 0, i)).toISOString());
    return lineFigure(spec, source({ epoch, timestamp, a: epoch.map((e) => e + 1) }), view({ x: "relative", zoom }), look);
  };
  const [short, long] = [at(100), at(20_000)];
  assert.deepEqual(long.layout.xaxis, short.layout.xaxis);
  assert.deepEqual(long.data[0].x, short.data[0].x);
  assert.equal(long.layout.xaxis.title.text, "Time (s)");
});

test("a pause counts in relative and in wall time, and the pointer says the epoch", () => {
  const timestamp = ["2026-11-23T10:00:00.000Z", "2026-11-23T10:00:01.000Z", "2026-11-24T10:00:00.000Z"];
  const columns = { epoch: [1, 2, 3], timestamp, a: [1, 2, 3] };
  const relative = lineFigure(spec, source(columns), view({ x: "relative" }), look);
  assert.deepEqual(relative.data[0].x, [0, 1, 86400]);
  assert.equal(relative.layout.xaxis.title.text, "Time (h)");
  assert.deepEqual(relative.data.at(-1).text, ["1", "2", "3"]);
  const wall = lineFigure(spec, source(columns), view({ x: "wall" }), look);
  assert.deepEqual(wall.data[0].x, timestamp.map(Date.parse));
});

test("the ends of a date axis are read by the reader's clock", () => {
  const local = new Date(2026, 9, 25, 12, 30, 5, 250).getTime();
  assert.equal(rangeEnd("2026-10-25 12:30:05.25"), local);
  assert.equal(rangeEnd("2026-10-25 12:30"), local - 5250);
  assert.equal(rangeEnd("2026-10-25"), new Date(2026, 9, 25).getTime());
  assert.equal(rangeEnd(12.5), 12.5);
});

test("a clock that was set back loses no epoch of a zoomed chart", () => {
  const at = (s) => new Date(Date.UTC(2026, 10, 23, 10, 0, s)).toISOString();
  const columns = { epoch: [1, 2, 3, 4, 5], timestamp: [0, 10, 20, 5, 15].map(at), a: [1, 2, 3, 4, 5] };
  const { data } = lineFigure(spec, source(columns), view({ x: "relative", zoom: { x: [4, 16], y: [0, 1] } }), look);
  for (const x of [10, 5, 15]) assert.ok(data[0].x.includes(x), `${x} s`);
});

test("signs closer than a sign become one that says all", () => {
  const epoch = Array.from({ length: 1000 }, (_, i) => i);
  const notes = [500, 501, 502].map((at) => ({ kind: "warning", epoch: at, message: `<b>${at}` }));
  const { layout } = lineFigure(spec, source({ epoch, a: epoch.map((e) => e + 1) }, { job: { best_epoch: 500 }, notes }), view(), look);
  const marks = layout.annotations.filter((mark) => mark.name === "mark");
  assert.deepEqual(marks.map((mark) => mark.text), ["★⚠"]);
  assert.equal(marks[0].hovertext, "best 500<br>&lt;b>500<br>&lt;b>501<br>&lt;b>502");
});

test("a bound of one line takes its colour and says its value below", () => {
  const own = { ...spec, references: [{ name: "bound p50", value: null, fact: "crlb", of: "b" }] };
  const { layout, notes } = lineFigure(own, source({ epoch: [1, 2], a: [5, 6], b: [7, 8] }, { facts: { crlb: 3 } }), view(), look);
  assert.equal(layout.shapes.find((shape) => shape.name).line.color, "#2");
  assert.deepEqual(notes, ["bound p50: 3.00 m"]);
  assert.deepEqual(layout.annotations, []);
});

test("the spoken summary never passes an old value off as the newest", () => {
  const { summary } = lineFigure(spec, source({ epoch: [1, 2], a: [5, null], b: [6, 7] }), view(), look);
  assert.equal(summary, "Chart. Epoch 2: A –, B 7.00 m");
});

test("relative time begins at the first epoch; wall time is the reader's", () => {
  const columns = { epoch: [0, 1], timestamp: ["2026-11-23T10:00:00.000Z", "2026-11-23T10:00:30.000Z"], a: [1, 2] };
  assert.deepEqual(lineFigure(spec, source(columns), view({ x: "relative" }), look).data[0].x, [0, 30]);
  const wall = lineFigure(spec, source(columns), view({ x: "wall" }), look);
  assert.equal(wall.data[0].x[0], Date.parse("2026-11-23T10:00:00.000Z"));
});

test("200,000 epochs are thinned and the spike survives", () => {
  const epoch = Array.from({ length: 200_000 }, (_, i) => i);
  const a = epoch.map(() => 1);
  a[77_777] = 1e6;
  const { data } = lineFigure(spec, source({ epoch, a }), view(), look);
  assert.ok(data[0].x.length < 6000);
  assert.ok(data[0].y.includes(1e6));
});

test("the reliability diagram shows the newest epoch beside the chosen one", () => {
  const rel = { ...spec, title: "R", lines: [{ metric: "r", name: "r" }] };
  const columns = { epoch: [1, 2, 3], r: [[0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.25, 0.5, 0.75]] };
  const { data } = reliabilityFigure(rel, source(columns), view({ scale: "linear" }), look, 1);
  assert.deepEqual(data.map((line) => line.name), ["Epoch 3", "Epoch 1", "diagonal"]);
  assert.deepEqual(data[0].x, [0.25, 0.5, 0.75]);
  assert.equal(reliabilityFigure(rel, source(columns), view({ scale: "linear" }), look, null).data.length, 2);
});
