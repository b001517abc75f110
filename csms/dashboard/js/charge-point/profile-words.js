// Moving a charge point to a higher security profile: what may be chosen, what will happen, and how far it is. Pure.

export const MEANINGS = {
  0: "nothing secures it",
  1: "its password, readable on the way",
  2: "TLS and its password",
  3: "TLS and its own certificate",
};

/** Only what is above the least it may use: a profile never goes down. @returns {[string, string][]} */
export function higherProfiles({ least_profile: least }) {
  return [1, 2, 3].filter((profile) => profile > least).map((profile) => [String(profile), `${profile}: ${MEANINGS[profile]}`]);
}

/** Why this profile cannot be asked for now; null: it can. */
export function hindrance(point, profile) {
  if (!point.connection.connected) return "It is not connected.";
  if (!point.connection.ready) return "It has not been accepted yet.";
  const { password_required: has, offered_passwords: offered } = point.security;
  return profile < 3 && !has && !offered ? "This profile needs a password, and it has none: give it one first." : null;
}

/** What is wrong with this profile here; null: nothing is. An address may lead elsewhere, so it is said and no more. */
export function doubt(point, profile) {
  if (point.listener_profiles.includes(profile)) return null;
  return `No listener here lets in profile ${profile}: it will not get in with it, and has to find back by itself.`;
}

/** What is going to happen, sentence by sentence. */
export function whatWillHappen(point, profile) {
  const how = point.protocol === "ocpp2.0.1"
    ? "It is told where to come to and how, in a network profile of its own, and to try that first; then it restarts as soon as no session runs."
    : "It is told the profile, and connects anew by itself; some restart for it.";
  const needs = profile === 3
    ? "It must have a certificate that a listener of profile 3 here accepts; its password does not count any more."
    : profile === 2 ? "It must trust the certificate of a listener of profile 2 here." : "A listener here must let in profile 1.";
  return [how, needs, `Until it has come with profile ${profile}, the one it has opens too; from then on nothing lower ever does.`];
}

/** The profile that this command has told it; null: none. */
function told({ command, parameters }) {
  if (command === "ChangeConfiguration") return /^securityprofile$/i.test(parameters?.key ?? "") ? Number(parameters.value) : null;
  return command === "SetNetworkProfile" ? parameters?.connectionData?.securityProfile ?? null : null;
}

const setsPriority = ({ command, parameters }) =>
  command === "SetVariables" && JSON.stringify(parameters ?? {}).includes("NetworkConfigurationPriority");

const restarts = (action) => /^reset$/i.test(action);

/**
 * The move that is under way, or that was asked for last and has come to nothing; null: there is none.
 * @param {any[]} commands what it was sent, newest first
 * @returns {{profile: number, at: string | null, steps: {action: string, status: string | null, response: any}[]} | null} oldest step first
 */
export function lastMove({ offered_profile: offered, least_profile: least }, commands) {
  const first = commands.findIndex((command) => (offered === null ? told(command) !== null : told(command) === offered));
  if (first < 0) return offered === null ? null : { profile: offered, at: null, steps: [] };
  const profile = told(commands[first]);
  if (profile <= least) return null;
  const later = commands.slice(0, first).filter((command) => setsPriority(command) || restarts(command.command));
  const steps = [...later, commands[first]].reverse().map(({ command, status, response }) => ({ action: command, status, response }));
  return { profile, at: commands[first].at, steps };
}

const REFUSED = new Set(["Rejected", "NotSupported"]);

/** What it said, in its own word where it has one. */
const answerOf = ({ status, response }) => response?.status ?? response?.setVariableResult?.[0]?.attributeStatus ?? status;

/**
 * How far a move is. `steps` are those that were sent, oldest first.
 * @returns {{state: "offered" | "accepted" | "reboot" | "refused" | "unclear" | "connected", tone: string, word: string, text: string}}
 */
export function moveState({ security, protocol }, { profile, steps }) {
  const pending = security.offered_profile !== null;
  const last = steps.at(-1);
  const state = (name, tone, word, text) => ({ state: name, tone, word, text });
  if (!pending && security.least_profile >= profile) {
    return state("connected", "good", "Connected with it", `It has come with profile ${profile}; nothing lower opens any more.`);
  }
  if (last && !restarts(last.action)) {
    if (REFUSED.has(last.status)) {
      return state("refused", "bad", "Refused", `It answered ${answerOf(last)} to ${last.action}, and goes on with profile ${security.security_profile}.`);
    }
    if (last.status && last.status !== "Accepted") {
      return state("unclear", "warn", "Not clear", `${last.action} had no clear answer (${last.status}): it may have taken it. Old and new open.`);
    }
  }
  if (!pending) return state("refused", "bad", "Refused", `It goes on with profile ${security.security_profile}.`);
  if (!last?.status) return state("offered", "wait", "Offered", "It has not come with it yet; the old one opens too.");
  if (restarts(last.action)) {
    if (REFUSED.has(last.status)) return state("reboot", "wait", "Needs a restart", "It has taken it, but refused to restart; it uses it once it has.");
    const when = answerOf(last) === "Scheduled" ? "restarts when no session runs" : "restarts";
    return state("accepted", "calm", "Accepted", `It has taken it, ${when}, and then comes with it. Until then the old one opens too.`);
  }
  if (protocol === "ocpp2.0.1" || steps.some((step) => answerOf(step) === "RebootRequired")) {
    return state("reboot", "wait", "Needs a restart", "It has taken it, and uses it after its next restart.");
  }
  return state("accepted", "calm", "Accepted", "It has taken it, and has not come with it yet. The old one opens too.");
}
