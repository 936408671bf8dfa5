import assert from "node:assert/strict";
import { test } from "node:test";
import { epochsIn, xLayout } from "../../heimdall_dash/browser/figure/axes.js";
import { lineFigure } from "../../heimdall_dash/browser/figure/line_figure.js";
import { reliabilityFigure } from "../../heimdall_dash/browser/figure/diagrams.js";

const colors = { lines: ["#1", "#2", "#3"], text: "", muted: "", grid: "", axis: "", paper: "", reference: "", gap: "", hover: "" };
const texts = { log_scale: "Log Scale", linear_scale: "Linear Scale", axis_epoch: "Epoch", axis_relative: "Time ({unit})", axis_wall: "Wall", not_on_log: "{n} hidden", gap: "1 gap", gaps: "{n} gaps", mark_best: "best {epoch}", point: "point", points: "points", axis_expected: "Expected", more_runs: "{n} runs", expected: "Expected", diagonal: "diagonal" };
const look = { colors, texts, width: 600, height: 360, font: "x" };
const spec = { id: "c", title: "Chart", y_label: "Value (m)", unit: "m", scale: "log", ticks: [], references: [{ name: "target", value: 30, fact: null }, { name: "bound", value: null, fact: "crlb" }], lines: [{ metric: "a", name: "A", dash: "solid", axis: 1 }, { metric: "b", name: "B", dash: "dot", axis: 1 }] };
const view = (more) => ({ scale: "log", smoothing: 0, x: "epoch", zoom: null, ...more });
const source = (columns, more) => [{ columns, job: {}, facts: {}, notes: [], ...more }];

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
  assert.deepEqual([data[0].mode, data[0].marker.size], ["lines+markers", 5], "the point that stands alone is seen");
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
  assert.deepEqual(relative.data.at(-1).text, ["Epoch 1: 1.00 m", "Epoch 2: 2.00 m", "Epoch 3: 3.00 m"]);
  const wall = lineFigure(spec, source(columns), view({ x: "wall" }), look);
  assert.deepEqual(wall.data[0].x, timestamp.map(Date.parse));
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
  const { legend, margin } = lineFigure(spec, source(columns), view(), look).layout;
  assert.ok(wall.layout.legend.y < legend.y && wall.layout.margin.b > margin.b, "title and legend stand under the date");
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

/* ---- several runs */

const rising = (n, factor = 1) => Array.from({ length: n }, (_, i) => (i + 1) * factor);
const two = { ...spec, lines: [{ metric: "val_loss", name: "Validation", dash: "solid", axis: 1 }, { metric: "train_loss", name: "Training", dash: "dash", axis: 1 }] };
const run = (id, n, factor, more) => ({ id, name: id, color: `#${id}`, round: 0, columns: { epoch: rising(n), val_loss: rising(n, factor), train_loss: rising(n, factor) }, job: {}, facts: {}, notes: [], ...more });

test("several runs: each in its colour, validation solid, training lighter and dashed, beneath", () => {
  const { data, layout } = lineFigure(two, [run("a", 3, 1), run("b", 5, 2)], view(), look);
  const lines = data.filter((line) => line.run);
  assert.deepEqual(lines.map((line) => [line.run, line.meta, line.line.color, line.line.dash]), [
    ["a", "train_loss", "#a", "dot"], ["b", "train_loss", "#b", "dot"], ["a", "val_loss", "#a", "solid"], ["b", "val_loss", "#b", "solid"],
  ]);
  assert.ok(lines[0].opacity < lines[2].opacity);
  assert.deepEqual(lines.map((line) => line.x.length), [3, 5, 3, 5], "each run has its own length");
  assert.ok(layout.xaxis.range[1] >= 5);
  assert.deepEqual(data.filter((line) => line.isLegend).map((line) => line.name), ["Validation", "Training"], "the legend says what, not who");
});

test("a line that has the chart for itself is drawn in full", () => {
  const columns = { epoch: [1, 2], train_loss: [2, 1] };
  const styles = (sources) => lineFigure(two, sources, view(), look).data.filter((line) => line.meta && line.x[0] !== null).map((line) => [line.line.dash, line.opacity]);
  assert.deepEqual(styles(source(columns)), [["solid", 1]]);
  assert.deepEqual(styles(source({ ...columns, val_loss: [3, 2] })), [["solid", 1], ["dash", 1]]);
  const runs = ["r1", "r2"].map((id) => source(columns, { id, name: id, color: "#123456", round: 0 })[0]);
  assert.deepEqual(styles(runs), [["solid", 1], ["solid", 1]], "nobody has a validation to stand behind");
});

test("when the colours are used up, the next runs have another dash", () => {
  const { data } = lineFigure(spec, [run("a", 2, 1), run("b", 2, 1, { round: 1 })].map((one) => ({ ...one, columns: { epoch: [1, 2], a: [1, 2] } })), view(), look);
  assert.deepEqual(data.filter((line) => line.run).map((line) => line.line.dash), ["solid", "dash"]);
});

test("one run in sight of several keeps its colour", () => {
  const { data } = lineFigure(two, [run("b", 3, 1)], view(), look);
  assert.equal(lineFigure(two, [{ ...run("b", 3, 1), color: undefined }], view(), look).data[0].line.color, "#1");
  assert.ok(data.filter((line) => line.run).every((line) => line.line.color === "#b"));
});

test("facts of one run are no bounds of several; no run in sight is an empty chart", () => {
  const facts = { crlb: 20 };
  const named = (sources) => lineFigure(spec, sources, view(), look).layout.shapes.filter((shape) => shape.name).map((shape) => shape.name);
  assert.deepEqual(named([run("a", 2, 1, { facts }), run("b", 2, 1)]), ["target"]);
  assert.equal(lineFigure(spec, [], view(), look).isEmpty, true);
});

test("a metric that only one of the runs has is drawn for that one", () => {
  const other = { ...run("b", 4, 1), columns: { epoch: [1, 2], something: [1, 2] } };
  const { data, isEmpty } = lineFigure(two, [run("a", 3, 1), other], view(), look);
  assert.deepEqual([...new Set(data.flatMap((line) => line.run ?? []))], ["a"]);
  assert.equal(isEmpty, false);
});

test("fifty runs share the points of a chart, and first, last and spike of each survive", () => {
  const n = 5000;
  const runs = Array.from({ length: 50 }, (_, k) => {
    const a = rising(n, 0).map(() => 1 + k);
    a[4321] = 1e5 + k;
    return { ...run(`r${k}`, 0, 1), columns: { epoch: rising(n), a } };
  });
  const { data } = lineFigure({ ...spec, lines: [spec.lines[0]] }, runs, view(), look);
  assert.ok(data.reduce((sum, line) => sum + line.x.length, 0) < 40_000);
  data.filter((line) => line.run).forEach((line, k) => assert.deepEqual([line.x[0], line.x.at(-1), Math.max(...line.y)], [1, n, 1e5 + k]));
});

test("a line that was put out in the legend stays out, and the heights follow the others", () => {
  const runs = source({ epoch: [1, 2], a: [1, 2], b: [1000, 2000] });
  const { data, layout } = lineFigure({ ...spec, references: [] }, runs, view({ scale: "linear", hidden: ["b"] }), look);
  assert.deepEqual(data.map((line) => line.visible), [undefined, "legendonly"]);
  assert.ok(layout.yaxis.range[1] < 10);
});

test("the heights follow a zoom in time, and stay where they were zoomed too", () => {
  const columns = { epoch: rising(100), a: rising(100) };
  const at = (zoom) => lineFigure({ ...spec, references: [] }, source(columns), view({ scale: "linear", zoom }), look).layout.yaxis.range;
  const [low, high] = at({ x: [10, 20], y: null });
  assert.ok(low > 5 && low < 11 && high > 19 && high < 25, `${low} ${high}`);
  assert.deepEqual(at({ x: [10, 20], y: [0, 90] }), [0, 90]);
});

test("a learning rate and what the machine says are not smoothed", () => {
  const own = { ...spec, references: [], lines: ["lr-AdamW", "learning_rate", "system/gpu", "clr_loss"].map((metric) => ({ metric, name: metric, dash: "solid", axis: 1 })) };
  const columns = { epoch: [1, 2], ...Object.fromEntries(own.lines.map(({ metric }) => [metric, [1, 100]])) };
  const { data } = lineFigure(own, source(columns), view({ smoothing: 0.5 }), look);
  assert.deepEqual(data.filter((line) => line.opacity < 0.5).map((line) => line.meta), ["clr_loss"]);
});

test("single points that are apart are marked, many are not", () => {
  const modes = (n) => lineFigure(spec, source({ epoch: rising(n), a: rising(n) }), view(), look).data[0].mode;
  assert.deepEqual([modes(10), modes(500)], ["lines+markers", "lines"]);
});

test("the pointer says as many digits as tell neighbours apart", () => {
  const { data } = lineFigure(spec, source({ epoch: [1, 2, 3, 4], a: [72_123.4, 72_124.6, 5, 6] }), view(), look);
  assert.deepEqual(data[0].text, ["Epoch 1: 72123 m", "Epoch 2: 72125 m", "Epoch 3: 5.00 m", "Epoch 4: 6.00 m"]);
});

test("the night when clocks are set back: wall time rises, and both hours have a tick", () => {
  const before = process.env.TZ;
  process.env.TZ = "Europe/Berlin";
  try {
    const timestamp = [0, 1, 2, 3, 4].map((hour) => new Date(Date.UTC(2026, 9, 24, 22 + hour)).toISOString());
    const { data, layout } = lineFigure(spec, source({ epoch: [1, 2, 3, 4, 5], timestamp, a: [1, 2, 3, 4, 5] }), view({ x: "wall" }), look);
    assert.deepEqual(data[0].x, timestamp.map(Date.parse));
    assert.notEqual(layout.xaxis.type, "date");
    assert.deepEqual(layout.xaxis.ticktext.map((text) => text.slice(0, 5)), ["00:00", "01:00", "02:00", "02:00", "03:00"]);
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test("a stretch of time holds its epochs and one on either side, also where a clock was set back", () => {
  const at = (s) => new Date(1.7e12 + s * 1000).toISOString();
  const columns = { epoch: [0, 10, 20, 30, 40], timestamp: [at(0), at(100), at(200), at(300), at(400)] };
  assert.deepEqual(epochsIn(columns, "relative", [150, 250]), [10, 30]);
  assert.deepEqual(epochsIn(columns, "relative", [200, 200]), [20, 20]);
  assert.deepEqual(epochsIn(columns, "wall", [1.7e12 - 1e6, 1.7e12 + 1e9]), [0, 40]);
  assert.deepEqual(epochsIn(columns, "relative", [500, 600]), [40, 40]);
  assert.deepEqual(epochsIn(columns, "epoch", [3.5, 7]), [3.5, 7]);
  assert.deepEqual(epochsIn({ ...columns, timestamp: [at(0), at(100), at(50), at(150), at(250)] }, "relative", [60, 140]), [0, 30]);
  assert.equal(epochsIn({ epoch: [] }, "relative", [0, 1]), null);
});

test("labels are measured only where one may reach over the edge", () => {
  const words = { axis_epoch: "Epoch", axis_relative: "Time ({unit})", axis_wall: "Time" };
  const of = (mode, range) => xLayout(mode, range, { width: 460, texts: words }).ticklabeloverflow;
  assert.equal(of("epoch", [-15, 1_015]), "allow");
  assert.equal(of("epoch", [-1_500, 101_500]), "hide past div"); // 100,000
  assert.equal(of("epoch", [998.2, 999.9]), "hide past div"); // 999.25
  assert.equal(of("relative", [0, 90]), "allow");
});
