// Commands in no version's words: the everyday ones, each with its few fields.

/** @typedef {{name: string, label: string, kind?: "number" | "choice" | "time", options?: [string, string][], initial?: string, optional?: boolean, hint?: string}} Part */

const CONNECTOR = { name: "connector_id", label: "Connector", kind: "number", optional: true, hint: "empty: all of it" };

/** @type {Record<string, {title: string, words: string, parts: Part[]}>} */
export const COMMANDS = {
  start_session: {
    title: "Start a session", words: "Asks for a session to be started.",
    parts: [{ name: "id_token", label: "Id token" }, { ...CONNECTOR, initial: "1", hint: "" }],
  },
  stop_session: {
    title: "Stop a session", words: "Asks for the session of a connector to be ended.",
    parts: [{ ...CONNECTOR, hint: "empty: the one that runs" }],
  },
  set_power_limit: {
    title: "Limit the power", words: "The balancer gives it no more than this from now on.",
    parts: [
      { name: "max_power_kw", label: "At most, in kW", kind: "number" }, CONNECTOR,
      { name: "until", label: "Until", kind: "time", optional: true, hint: "empty: for good" },
    ],
  },
  clear_power_limit: { title: "Lift its power limit", words: "Takes such a limit back.", parts: [CONNECTOR] },
  set_availability: {
    title: "Take in or out of operation", words: "For sessions to come.",
    parts: [{ name: "operative", label: "Operation", kind: "choice", options: [["true", "In"], ["false", "Out"]], initial: "false" }, CONNECTOR],
  },
  unlock_connector: { title: "Unlock a cable", words: "Releases the lock of a connector.", parts: [{ ...CONNECTOR, initial: "1", optional: false, hint: "" }] },
  reset: {
    title: "Restart", words: "Restarts the charge point; sessions may end.",
    parts: [{ name: "type", label: "How", kind: "choice", options: [["soft", "Soft"], ["hard", "Hard"]], initial: "soft" }],
  },
  trigger_message: {
    title: "Ask for a message", words: "Has it say something now.",
    parts: [
      { name: "message", label: "Message", kind: "choice", initial: "heartbeat",
        options: [["heartbeat", "Heartbeat"], ["status", "Status"], ["meter_values", "Meter values"], ["boot", "Boot"]] },
      CONNECTOR,
    ],
  },
  get_configuration: { title: "Read its settings", words: "Asks for all of them; they show under Device.", parts: [] },
  clear_cache: { title: "Empty its cache", words: "Forgets the id tokens it has accepted before.", parts: [] },
};

/** What the balancer does by itself: the charge point need not be connected for it. */
export const OFFLINE_TOO = new Set(["set_power_limit", "clear_power_limit"]);

/** The body of a command from the texts of its form. */
export function commandBody(command, texts) {
  const body = { command };
  for (const part of COMMANDS[command].parts) {
    const text = (texts[part.name] ?? part.initial ?? "").trim();
    if (text === "" && part.optional) continue;
    body[part.name] = value(part, text);
  }
  return body;
}

function value(part, text) {
  if (part.kind === "number") return text === "" ? null : Number(text);
  if (part.kind === "time") return new Date(text).toISOString();
  return part.kind === "choice" ? { true: true, false: false }[text] ?? text : text;
}
