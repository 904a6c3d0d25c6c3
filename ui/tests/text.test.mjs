import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { page } = load();
const { text, chart } = page;
const plain = (value) => JSON.parse(JSON.stringify(value));

test("times are put into words", () => {
  assert.equal(text.ago(1000, 1002), "just now");
  assert.equal(text.ago(1000, 1090), "1 minute ago");
  assert.equal(text.ago(1000, 1000 + 3 * 3600), "3 hours ago");
  assert.equal(text.ago(1000 + 2 * 86400, 1000), "in 2 days");
  assert.equal(text.ago(0, 3 * 365 * 86400), "3 years ago");
  assert.equal(text.ago(null), "never");
  assert.equal(text.duration(0.4), "less than 1 s");
  assert.equal(text.duration(95), "1 min 35 s");
  assert.equal(text.duration(59.7), "1 min 0 s");
  assert.equal(text.duration(119.6), "2 min 0 s");
  assert.equal(text.duration(3 * 3600 + 120), "3 h 2 min");
});

test("numbers have their plural", () => {
  assert.equal(text.plural(1, "scene"), "1 scene");
  assert.equal(text.plural(1240, "scene"), "1,240 scenes");
  assert.equal(text.plural(2, "try", "tries"), "2 tries");
});

test("entries of one list only are marked, in the order of their list", () => {
  const [left, right] = plain(text.listDifference(["a", "b"], ["b", "c"]));
  assert.deepEqual(left, [{ text: "a", only: true }, { text: "b", only: false }]);
  assert.deepEqual(right, [{ text: "b", only: false }, { text: "c", only: true }]);
});

test("words that differ are marked, and the pieces together are the texts", () => {
  const cases = [
    ["They go to the sea.", "They went to the lake."],
    ["", "all new"],
    ["same", "same"],
    ["a  b\nc", "a b c"],
    ["x ".repeat(500), "y"],
  ];
  for (const [a, b] of cases) {
    const [left, right] = text.textDifference(a, b);
    assert.equal(left.map((piece) => piece.text).join(""), a);
    assert.equal(right.map((piece) => piece.text).join(""), b);
  }
  const [left] = plain(text.textDifference(...cases[0]));
  assert.deepEqual(left.filter((piece) => piece.only).map((piece) => piece.text), ["go", "sea."]);
});

test("a value is a list of entries", () => {
  assert.deepEqual(plain(text.entries(null)), []);
  assert.deepEqual(plain(text.entries("")), []);
  assert.deepEqual(plain(text.entries("a")), ["a"]);
  assert.deepEqual(plain(text.entries(["a", "b"])), ["a", "b"]);
});

test("the chart stays within its picture", () => {
  const points = [0, 1, 2, 3].map((n) => ({ at: n * 100, gaps: n * n, synced: n % 2 ? 5 : 0 }));
  const drawn = chart.layout(points, 600, 120);
  const numbers = drawn.line.split(/[ ,]/).map(Number);
  numbers.forEach((n, place) => assert.ok(n >= 0 && n <= (place % 2 ? 120 : 600)));
  assert.equal(drawn.bars.length, 2);
  for (const bar of drawn.bars) {
    assert.ok(bar.x >= 0 && bar.x + bar.width <= 600);
    assert.ok(bar.y >= 0 && bar.y + bar.height <= 120);
  }
  assert.ok(chart.layout([points[0], points[0]], 600, 120).line);
});
