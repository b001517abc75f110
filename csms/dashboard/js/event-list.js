// What has come since, above what was on record. Pure.

let unnamed = 0;

/** Newest first, each event once, at most so many; each gets a `key` that it keeps. */
export function merged(fresh, past, most) {
  const seen = new Set();
  const out = [];
  for (const event of [...fresh, ...past]) {
    if (event.event_id !== null && seen.has(event.event_id)) continue;
    seen.add(event.event_id);
    event.key ??= event.event_id ?? `n${(unnamed += 1)}`;
    out.push(event);
  }
  return out.slice(0, most);
}
