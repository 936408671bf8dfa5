import assert from "node:assert/strict";
import { test } from "node:test";
import { alerts, AlertLog, QUIET_MS } from "../../heimdall_dash/browser/runs/alerts.js";
import { joinedNotes, noteText } from "../../heimdall_dash/browser/runs/job_facts.js";
import { label, age, reasonText, deliveredText, etaText } from "../../heimdall_dash/browser/runs/job_texts.js";
import { chooseJob, arrange } from "../../heimdall_dash/browser/runs/status.js";
import { actions } from "../../heimdall_dash/browser/runs/status.js";
import { golden } from "./golden.mjs";

const rules = golden("rules.json");
const texts = new Proxy({}, { get: (_, name) => `${String(name)} {time}{n}{metrics}` });
const job = (more) => ({ id: "i", job_name: "VHF", status: "running", current_epoch: 412, total_epochs: 500, created_at: "2026-11-23T10:00:00.000Z", ...more });

test("a job's label is the one of the contract", () => {
  const words = { texts: { job_label: "{job} ({status}) - Epoch {epochs}", epoch_count: "{current}/{total}" }, status: {} };
  assert.equal(label(job(), words), "VHF (running) - Epoch 412/500");
  assert.equal(label(job({ total_epochs: null }), words), "VHF (running) - Epoch 412/?");
  assert.equal(label(job(), { ...words, status: { running: "läuft" } }), "VHF (läuft) - Epoch 412/500");
});

test("only legal actions have buttons", () => {
  assert.deepEqual(actions(job(), rules), ["pause", "cancel"]);
  assert.deepEqual(actions(job({ status: "paused" }), rules), ["resume", "cancel", "delete"]);
  assert.deepEqual(actions(job({ status: "completed" }), rules), ["delete"]);
});

test("the newest running job is chosen, else the newest", () => {
  const old = job({ id: "a", created_at: "2026-11-01T00:00:00Z" });
  const done = job({ id: "b", status: "completed", created_at: "2026-11-02T00:00:00Z" });
  assert.equal(chooseJob([done, old]).id, "a");
  assert.equal(chooseJob([done]).id, "b");
  assert.equal(chooseJob([]), null);
});

test("jobs are found by words, filtered by status, running first, unknown values last", () => {
  const jobs = [job({ id: "a", status: "completed", best_val_loss: 2 }), job({ id: "b", job_name: "UHF", best_val_loss: null }), job({ id: "c", best_val_loss: 1 })];
  const ids = (wish) => arrange(jobs, wish).map((found) => found.id).join("");
  assert.equal(ids({ search: "uhf run" }), "b");
  const found = arrange([job({ id: "05ab" }), job({ id: "ab05" }), job({ id: "c", job_name: "seed 05" })], { search: "05", order: "name" });
  assert.deepEqual(found.map((one) => one.id), ["c", "05ab"], "ids from their beginning");
  const tried = [job({ id: "x", config: { lr: 0.1 }, tags: ["best"] }), job({ id: "y", config: { lr: 0.001 }, last_metrics: { acc: 0.9 } })];
  const found2 = (search) => arrange([...tried], { search }).map(({ id }) => id).join("");
  assert.deepEqual(["lr < 0.01", "tag:best", "acc > 0.5", "lr < 1 -vhf", "lr < 1"].map(found2), ["y", "x", "y", "", "xy"], "as the table's filter");
  assert.equal(ids({ statuses: ["completed"] }), "a");
  assert.equal(ids({ order: "best" }), "cab");
  assert.equal(ids({ order: "status" }).at(-1), "a");
});

test("data is stale when a running job is silent for three of its epochs, not when it is over", () => {
  const now = Date.parse("2026-11-23T10:01:00Z");
  const isStale = (more, lastAt) => age(job({ pace_s: 1, ...more }), lastAt, now, texts).isStale;
  assert.equal(isStale({}, "2026-11-23T10:00:50Z"), false);
  assert.equal(isStale({}, "2026-11-23T10:00:30Z"), true);
  assert.equal(isStale({ pace_s: null }, "2026-11-23T10:00:30Z"), false);
  assert.equal(isStale({ pace_s: null, stalled: true }, "2026-11-23T10:00:30Z"), true);
  assert.equal(isStale({ pace_s: 20 }, "2026-11-23T10:00:30Z"), false);
  assert.equal(isStale({ status: "completed" }, "2026-11-20T10:00:00Z"), false);
  assert.equal(isStale({ stalled: true }, "2026-11-23T10:00:59Z"), true);
});

test("alerts name a loss that is not finite, a divergence, a stall, a failure", () => {
  const kinds = (more, columns, notFinite = {}) => alerts(job(more), { epoch: [], ...columns }, notFinite, texts).map((alert) => alert.kind);
  const epoch = Array.from({ length: 20 }, (_, i) => i);
  const falling = epoch.map((i) => 20 - i);
  assert.deepEqual(kinds({}, { epoch, val_loss: falling }), []);
  assert.deepEqual(kinds({}, { epoch, val_loss: [...falling.slice(0, 19), null] }), [], "not written yet");
  const broken = [...falling.slice(0, 18), null, null];
  assert.deepEqual(kinds({}, { epoch, val_loss: broken }, { val_loss: { 18: "nan" } }), ["nan"]);
  assert.deepEqual(kinds({}, { epoch, val_loss: [...broken.slice(0, 19), 1] }, { val_loss: { 18: "nan" } }), [], "it is finite again");
  assert.deepEqual(kinds({}, { epoch, val_loss: [...falling.slice(0, 17), 40, 41, 42] }), ["divergence"]);
  assert.deepEqual(kinds({ best_epoch: 1 }, { epoch: [...epoch, 150], val_loss: [...falling, 1] }), [], "a healthy plateau");
  assert.deepEqual(kinds({ status: "completed" }, { epoch, val_loss: broken }, { val_loss: { 18: "nan" } }), ["nan"], "it ended so");
  assert.deepEqual(kinds({ stalled: true }, { epoch }), ["stalled"]);
  assert.deepEqual(kinds({ status: "failed", error_message: "boom" }, { epoch }), ["failed"]);
});

test("an alert is news once, not at the first look, and again only after a long absence", () => {
  const log = new AlertLog();
  const nan = [{ kind: "nan", text: "at epoch 3" }];
  assert.deepEqual(log.news("old", nan, 0), [], "it stands there when the job is opened");
  assert.deepEqual(log.news("j", [], 0), []);
  assert.deepEqual(log.news("j", nan, 10), nan);
  assert.deepEqual(log.news("j", [{ kind: "nan", text: "at epoch 4" }], 20), [], "still the same alert");
  log.news("j", [], 30);
  assert.deepEqual(log.news("j", nan, 40), [], "it flickers");
  assert.deepEqual(log.news("old", [], 50), []);
  assert.deepEqual(log.news("j", nan, 41 + QUIET_MS), nan);
});

test("why a job does not run is said in words", () => {
  const said = (more) => reasonText(job(more), texts).split(" ")[0];
  assert.equal(said({}), "");
  assert.equal(said({ desired: "paused" }), "reason_pausing");
  assert.equal(said({ status: "paused" }), "reason_paused");
  assert.equal(said({ status: "cancelled" }), "reason_cancelled");
  assert.equal(said({ status: "cancelled", ended_because: "stopped by KeyboardInterrupt" }), "reason_cancelled_because");
  assert.equal(said({ status: "completed" }), "");
  assert.equal(said({ status: "completed", ended_because: "no gain" }), "reason_early");
  assert.equal(said({ status: "completed", ended_because: "no gain", current_epoch: 500 }), "ended_because");
});

test("the time left is not promised once it is over", () => {
  const left = (estimated_completion) => etaText(job({ estimated_completion }), Date.parse("2026-11-23T10:00:00Z"), { eta: "{time} left" });
  assert.deepEqual([left("2026-11-23T10:02:00Z"), left("2026-11-23T09:59:00Z"), left(null)], ["2 min left", "", ""]);
});

test("equal notes are one with a count", () => {
  const note = (epoch, message, kind = "warning") => ({ epoch, message, kind });
  const many = Array.from({ length: 22 }, (_, i) => note(i + 3, `epoch ${i + 3}: not finite, stored as null: val_loss`));
  const found = joinedNotes([note(1, "resumed"), ...many, note(40, "disk full"), note(41, "resumed")], { note_times: "{note} x{n} {first}-{last}", note_often: "{note} x{n}", epoch_at: "Epoch {current}" });
  assert.deepEqual(found, ["Epoch 41: resumed x2 1-41", "Epoch 40: disk full", "epoch 24: not finite, stored as null: val_loss x22 3-24"]);
  assert.deepEqual(joinedNotes([{ kind: "a" }, { kind: "a" }], { note_often: "{note} x{n}" }), ["a x2"]);
});

test("a note names its epoch once", () => {
  const words = { epoch_at: "Epoch {current}" };
  assert.equal(noteText({ epoch: 3, message: "epoch 3: not finite, stored as null: val_loss" }, words), "epoch 3: not finite, stored as null: val_loss");
  assert.equal(noteText({ epoch: 3, message: "no sign of life; resumed from epoch 30" }, words), "Epoch 3: no sign of life; resumed from epoch 30");
  assert.equal(noteText({ epoch: null, kind: "stalled" }, words), "stalled");
});

test("the page says whether it holds every stored epoch", () => {
  const words = { delivered_all: "all {stored}", delivered_some: "{held} of {stored}", delivered_held: "{held} so far" };
  const said = (stored, held, isCurrent = true) => deliveredText({ epochs_stored: stored }, held, isCurrent, words);
  assert.equal(said(0, 0), "");
  assert.equal(said(44, 44), "all 44");
  assert.equal(said(44, 43), "43 of 44");
  assert.equal(said(44, 44, false), "44 so far", "nobody knows at this moment how many there are");
  assert.equal(said(44, 45), "all 44"); // the job's state is one step behind the epochs
});
