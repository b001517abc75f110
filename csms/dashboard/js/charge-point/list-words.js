// How a charge point's local authorization list stands, in words. Pure.

import { count, counted, NONE, when } from "../format.js";

const STATES = {
  in_step: ["good", "In step", "It holds the tokens that may charge here, and knows them while it is offline."],
  behind: ["wait", "Behind", "Something is still to be sent."],
  refused: ["bad", "Refused", "It did not take the whole list either. It is left alone until a token changes, it boots, or you send it anew."],
  unanswered: ["warn", "Not answered", "It is tried again after ten minutes, or at its next boot."],
  disabled: ["warn", "Switched off", "It ignores its list: its setting LocalAuthListEnabled (OCPP 2.0.1: LocalAuthListCtrlr.Enabled) is false."],
  not_supported: ["quiet", "Not supported", "It has no local list."],
};

/** @returns {{tone: string, word: string, text: string}} */
export function listState({ state }) {
  const [tone, word, text] = STATES[state] ?? ["quiet", state, ""];
  return { tone, word, text };
}

/** Why nothing is told of a list. `declared`: whether it is sent one; null: as is the rule. */
export function noList(declared, connected) {
  if (declared === false) return "It is sent none, as declared.";
  if (declared === null) return "None was ever sent to it: either that is not the rule (local_lists in the file), or it has not been asked yet.";
  return connected ? "It has not been asked yet." : "It has not been connected since it is to have one.";
}

const version = (number) => (number ? String(number) : NONE);

function held({ id_tokens: tokens, wanted, left_out: left }) {
  const holds = tokens === null ? `not known, of ${count(wanted)}` : `${count(tokens.length)} of ${count(wanted)}`;
  return left ? `${holds}; ${count(left)} more have no room` : holds;
}

function room({ id_tokens: most, id_tokens_per_message: each, bytes_per_message: bytes }) {
  const parts = [most !== null && counted(most, "token"), each !== null && `${count(each)} in a message`, bytes !== null && `${count(bytes)} bytes in a message`];
  return parts.filter(Boolean).join(", ") || "it does not say";
}

function lastSent(sent, zone) {
  if (!sent) return "nothing so far";
  const what = sent.full ? (sent.id_tokens ? "all of it" : "an empty list") : "changes";
  return `${sent.status}: ${what}, ${counted(sent.id_tokens, "token")}, version ${sent.version}, ${when(sent.at, zone)}`;
}

/** Names and values. @returns {[string, string][]} */
export function listFacts(list, zone) {
  return [
    ["Version it has", list.has_version === null ? "not known" : String(list.has_version)],
    ["Version it should have", version(list.version)],
    ["Tokens it holds", held(list)],
    ["Sent last", lastSent(list.last_sent, zone)],
    ["It can hold", room(list.capacity)],
  ];
}
