// How a charge point's local list stands, in words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { listFacts, listState, noList } from "./js/charge-point/list-words.js";

const LIST = {
  state: "in_step", version: 7, has_version: 7, id_tokens: ["A", "B"], wanted: 2, left_out: 0,
  capacity: { id_tokens: 500, id_tokens_per_message: 20, bytes_per_message: null },
  last_sent: { at: "2026-06-01T10:00:00Z", version: 7, full: false, id_tokens: 1, status: "Accepted" }, at: "2026-06-01T10:00:01Z",
};
const facts = (more = {}) => Object.fromEntries(listFacts({ ...LIST, ...more }, "UTC"));

test("a list in step tells what it has, holds, takes, and was sent last", () => {
  assert.equal(listState(LIST).tone, "good");
  const { "Sent last": sent, ...others } = facts();
  assert.deepEqual(others, {
    "Version it has": "7", "Version it should have": "7", "Tokens it holds": "2 of 2", "It can hold": "500 tokens, 20 in a message",
  });
  assert.match(sent, /^Accepted: changes, 1 token, version 7, Mon 1 Jun/);
});

test("what is not known is said, and what has no room", () => {
  const told = facts({ has_version: null, id_tokens: null, left_out: 3, last_sent: null, capacity: { id_tokens: null, id_tokens_per_message: null, bytes_per_message: null } });
  assert.deepEqual(told, {
    "Version it has": "not known", "Version it should have": "7", "Tokens it holds": "not known, of 2; 3 more have no room",
    "Sent last": "nothing so far", "It can hold": "it does not say",
  });
});

test("all of a list is told from changes, and from an empty list", () => {
  assert.match(facts({ last_sent: { ...LIST.last_sent, full: true, status: "Failed" } })["Sent last"], /^Failed: all of it, 1 token/);
  assert.match(facts({ last_sent: { ...LIST.last_sent, full: true, id_tokens: 0 } })["Sent last"], /an empty list, 0 tokens/);
});

test("every state has words", () => {
  for (const state of ["in_step", "behind", "refused", "unanswered", "disabled", "not_supported"]) assert.ok(listState({ state }).text, state);
});

test("where there is no list it is said why", () => {
  assert.match(noList(false, true), /as declared/);
  assert.match(noList(null, true), /rule/);
  assert.match(noList(true, true), /not been asked yet/);
  assert.match(noList(true, false), /not been connected/);
});
