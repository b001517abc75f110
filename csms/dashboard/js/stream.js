// What happens, as it happens: the server-sent events of /api/v1/events, read by fetch so that the key can be sent.

import { call, session, signOut } from "./api.js";
import { refreshAll } from "./live.js";
import { shared } from "./value.js";

/** @typedef {{event_id: number | null, type: string, at: string, site_id: string, charge_point_id: string | null, data: object}} Happening */

/** Whether the stream flows: then figures need not be asked for so often. */
export const streaming = shared(false);

/** @type {Set<(happening: Happening) => void>} */
const hearers = new Set();

/** Calls `hearer` for everything that happens; returns how to stop. */
export function hear(hearer) {
  hearers.add(hearer);
  return () => hearers.delete(hearer);
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
const CALM_MS = 1500; // much may happen at once; nobody reads faster

/** Follows the stream while somebody is signed in, and goes on where it was lost. Returns how to stop. */
export function follow() {
  const stop = new AbortController();
  run(stop.signal);
  return () => stop.abort();
}

async function run(signal) {
  let last = null;
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      const headers = last === null ? {} : { "Last-Event-ID": last };
      const answer = await call("GET", "/api/v1/events", { signal, headers, endless: true });
      if (answer.status === 401 && session.get()) return signOut("The key is not known any more. Sign in again.");
      if (!answer.ok || !answer.body) return; // a server without the stream: asking again and again has to do
      streaming.set(true);
      refreshAll();
      for await (const message of messages(answer.body)) {
        waitMs = FIRST_WAIT_MS;
        if (message.id) last = message.id;
        if (message.data) tell(JSON.parse(message.data));
      }
    } catch {
      // Lost: it is taken up again below.
    }
    streaming.set(false);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  }
  streaming.set(false);
}

/** The messages of a stream (HTML, section 9.2.6). A chunk may end anywhere. */
async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value.replaceAll("\r\n", "\n")).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield parseMessage(block);
  }
}

/** One message: its id and its data, null where it has none. */
export function parseMessage(block) {
  const message = { id: null, data: null };
  for (const line of block.split("\n")) {
    const [, field, value] = line.match(/^(\w*):? ?(.*)$/s) ?? [];
    if (field === "id") message.id = value;
    if (field === "data") message.data = message.data === null ? value : `${message.data}\n${value}`;
  }
  return message;
}

let due = 0;

function tell(happening) {
  for (const hearer of [...hearers]) hearer(happening);
  if (due) return;
  due = setTimeout(() => {
    due = 0;
    refreshAll();
  }, CALM_MS);
}
