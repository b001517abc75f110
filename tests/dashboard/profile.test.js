// A higher security profile: what may be chosen, what is told, how far it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { doubt, higherProfiles, hindrance, lastMove, moveState, whatWillHappen } from "./js/charge-point/profile-words.js";

const security = (more = {}) => ({ security_profile: 1, least_profile: 1, offered_profile: null, password_required: true, offered_passwords: 0, ...more });
const point = (more = {}, protocol = "ocpp1.6") => ({ protocol, connection: { connected: true, ready: true }, security: security(more) });
const step = (action, status, response = { status }) => ({ action, status, response });
const OFFERED = { offered_profile: 2 };

test("only higher profiles are offered", () => {
  const numbers = (least_profile) => higherProfiles({ least_profile }).map(([value]) => value);
  assert.deepEqual([0, 1, 2, 3].map(numbers), [["1", "2", "3"], ["2", "3"], ["3"], []]);
});

for (const [name, one, profile, expected] of [
  ["it is gone", { ...point(), connection: { connected: false, ready: false } }, 2, /not connected/],
  ["its boot was not accepted", { ...point(), connection: { connected: true, ready: false } }, 2, /not been accepted/],
  ["it has no password", point({ password_required: false }), 2, /needs a password/],
  ["a password is under way", point({ password_required: false, offered_passwords: 1 }), 2, null],
  ["a certificate needs none", point({ password_required: false }), 3, null],
  ["nothing is in the way", point(), 2, null],
]) {
  test(`what keeps it from a higher profile: ${name}`, () => {
    const why = hindrance(one, profile);
    if (expected === null) assert.equal(why, null);
    else assert.match(why, expected);
  });
}

test("a profile that no listener lets in is doubted", () => {
  const one = { ...point(), listener_profiles: [0, 1, 3] };
  assert.deepEqual([1, 3].map((profile) => doubt(one, profile)), [null, null]);
  assert.match(doubt(one, 2), /No listener here lets in profile 2/);
});

test("what will happen is said in the version's own way, and that there is no way back", () => {
  assert.match(whatWillHappen(point(), 2)[0], /connects anew by itself/);
  assert.match(whatWillHappen(point({}, "ocpp2.0.1"), 2)[0], /network profile.*restarts/);
  assert.match(whatWillHappen(point(), 3)[1], /certificate/);
  assert.match(whatWillHappen(point(), 2)[2], /from then on nothing lower/);
});

for (const [name, one, steps, state] of [
  ["told by other means", point(OFFERED), [], "offered"],
  ["under way", point(OFFERED), [step("ChangeConfiguration", null, null)], "offered"],
  ["taken", point(OFFERED), [step("ChangeConfiguration", "Accepted")], "accepted"],
  ["taken, for later", point(OFFERED), [step("ChangeConfiguration", "Accepted", { status: "RebootRequired" })], "reboot"],
  ["taken, for later, and restarting", point(OFFERED), [step("ChangeConfiguration", "Accepted", { status: "RebootRequired" }), step("reset", "Accepted")], "accepted"],
  ["refused", point(), [step("ChangeConfiguration", "Rejected")], "refused"],
  ["not known", point(), [step("ChangeConfiguration", "NotSupported")], "refused"],
  ["not answered", point(OFFERED), [step("ChangeConfiguration", "Timeout", null)], "unclear"],
  ["come with", point({ security_profile: 2, least_profile: 2 }), [step("ChangeConfiguration", "Accepted")], "connected"],
  ["stored and not preferred", point(OFFERED, "ocpp2.0.1"),
    [step("SetNetworkProfile", "Accepted"), step("SetVariables", "Rejected", { setVariableResult: [{ attributeStatus: "Rejected" }] })], "refused"],
  ["stored and preferred", point(OFFERED, "ocpp2.0.1"), [step("SetNetworkProfile", "Accepted"), step("SetVariables", "Accepted", { setVariableResult: [{ attributeStatus: "Accepted" }] })], "reboot"],
  ["restarting later", point(OFFERED, "ocpp2.0.1"), [step("SetNetworkProfile", "Accepted"), step("Reset", "Accepted", { status: "Scheduled" })], "accepted"],
  ["not restarting", point(OFFERED, "ocpp2.0.1"), [step("SetNetworkProfile", "Accepted"), step("Reset", "Rejected")], "reboot"],
  ["gone while it restarts", point(OFFERED, "ocpp2.0.1"), [step("SetNetworkProfile", "Accepted"), step("Reset", "Disconnected", null)], "accepted"],
]) {
  test(`how far a move is: ${name}`, () => assert.equal(moveState(one, { profile: 2, steps }).state, state));
}

test("what it refused is named in its own word, with what it goes on with", () => {
  const { text } = moveState(point({}, "ocpp2.0.1"), { profile: 2, steps: [step("SetVariables", "Rejected", { setVariableResult: [{ attributeStatus: "UnknownVariable" }] })] });
  assert.equal(text, "It answered UnknownVariable to SetVariables, and goes on with profile 1.");
});

const command = (name, parameters, status = "Accepted", at = "2026-06-01T10:00:00Z") => ({ command: name, parameters, status, response: { status }, at });
const KEY = { key: "SecurityProfile", value: "2" };
const NETWORK = { connectionData: { securityProfile: 2 } };
const FIRST = { setVariableData: [{ variable: { name: "NetworkConfigurationPriority" }, attributeValue: "2,1" }] };
const INTERVAL = { setVariableData: [{ variable: { name: "HeartbeatInterval" }, attributeValue: "60" }] };

for (const [name, access, commands, actions] of [
  ["in one request", OFFERED, [command("ClearCache", {}), command("ChangeConfiguration", KEY), command("Reset", {})], ["ChangeConfiguration"]],
  ["in several", OFFERED, [command("Reset", {}), command("SetVariables", INTERVAL), command("SetVariables", FIRST), command("SetNetworkProfile", NETWORK)],
    ["SetNetworkProfile", "SetVariables", "Reset"]],
  ["of another profile, later", { offered_profile: 3 }, [command("ChangeConfiguration", KEY)], []],
  ["that was refused", {}, [command("ChangeConfiguration", { key: "HeartbeatInterval", value: "2" }), command("ChangeConfiguration", KEY, "Rejected")], ["ChangeConfiguration"]],
]) {
  test(`the last move ${name}`, () => assert.deepEqual(lastMove(security(access), commands).steps.map(({ action }) => action), actions));
}

test("there is no move where none was asked for, or where it has come to its end", () => {
  assert.equal(lastMove(security(), []), null);
  assert.equal(lastMove(security(), [command("ChangeConfiguration", { key: "AuthorizationKey", value: "***" })]), null);
  assert.equal(lastMove(security({ security_profile: 2, least_profile: 2 }), [command("ChangeConfiguration", KEY)]), null);
});
