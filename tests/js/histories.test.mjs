import assert from "node:assert/strict";
import { test } from "node:test";
import { Histories, GAP_MS } from "../../heimdall_dash/browser/runs/histories.js";

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

test("a run is asked for when it moved, after its cursor, at most twice a second, and else never", async () => {
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

test("a run is asked for again after a failure, later and later, and at once when the server is back", async () => {
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

test("late cells of a run arrive, and so does a taking back", async () => {
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
