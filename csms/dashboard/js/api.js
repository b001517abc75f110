// The REST interface: the only module that talks to the server.

import { shared } from "./value.js";

const KEY = "csms.key";
const TIMEOUT_MS = 40_000; // a rebalance answers after 35 s at the latest

/** An answer that is no good one: RFC 9457 problem details. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || `The server answered ${status}.`);
    this.status = status;
    /** @type {{field: string, rule: string}[]} */
    this.errors = body?.errors ?? [];
  }

  /** The rule that this field breaks, or one below it; undefined: none. */
  rule(field) {
    return this.errors.find((e) => e.field === field || e.field.startsWith(`${field}.`) || e.field.startsWith(`${field}[`))
      ?.rule;
  }
}

/** No answer at all. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

/** Whether the server answers, and since when it does not; `at` is when it last did. */
export const link = shared({ up: true, at: Date.now() });

/** Why the tab was signed out, once. */
export const signedOut = shared(/** @type {string | null} */ (null));

export const session = shared(/** @type {{name: string, scopes: string[]} | null} */ (null));

export const may = (scope) => session.get()?.scopes.includes(scope) ?? false;

export const storedKey = () => sessionStorage.getItem(KEY);

/** Tries a key, and keeps it for this tab if the server knows it. */
export async function signIn(key) {
  const me = await send("GET", "/api/v1/me", { key });
  sessionStorage.setItem(KEY, key);
  signedOut.set(null);
  session.set(me);
}

export function signOut(why = null) {
  sessionStorage.removeItem(KEY);
  signedOut.set(why);
  session.set(null);
}

export const get = (path, query, signal) => send("GET", path, { query, signal });
export const put = (path, body, query, headers) => send("PUT", path, { body, query, headers });
export const post = (path, body, query) => send("POST", path, { body, query });
export const patch = (path, body, query) => send("PATCH", path, { body, query });
export const del = (path, query) => send("DELETE", path, { query });

/** One call, its answer as an object. Raises Problem or Unreachable. */
async function send(method, path, { query, body, signal, key, headers } = {}) {
  const answer = await call(method, path + parameters(query), { body, signal, key, headers });
  const text = await answer.text();
  if (!answer.ok) throw problem(answer.status, text, key);
  return text ? JSON.parse(text) : null;
}

/** A resource with its entity tag, so that a later PUT can say which version it was meant for. */
export async function getTagged(path, signal) {
  const answer = await call("GET", path, { signal });
  const text = await answer.text();
  if (!answer.ok) throw problem(answer.status, text);
  return { tag: answer.headers.get("ETag"), value: JSON.parse(text) };
}

/** A request with the key of the tab; the answer as it comes. Raises Unreachable. */
export async function call(method, address, { body, text, signal, key, headers, endless } = {}) {
  const limit = endless ? [] : [AbortSignal.timeout(TIMEOUT_MS)];
  try {
    const answer = await fetch(address, {
      method,
      headers: {
        Authorization: `Bearer ${key ?? storedKey()}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? text : JSON.stringify(body),
      signal: AbortSignal.any([...limit, ...(signal ? [signal] : [])]),
    });
    link.set({ up: true, at: Date.now() });
    return answer;
  } catch (failure) {
    if (signal?.aborted) throw failure;
    if (link.get().up) link.set({ up: false, at: link.get().at });
    throw new Unreachable();
  }
}

function problem(status, text, key) {
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page, not ours: the status has to do.
  }
  if (status === 401 && key === undefined) signOut("The key is not known any more. Sign in again.");
  return new Problem(status, body);
}

function parameters(query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

/** A call whose body and answer need not be JSON: the answer as it comes. Raises Problem or Unreachable. */
export async function exchange(method, path, { text, type } = {}) {
  const answer = await call(method, path, { text, headers: type ? { "Content-Type": type } : {} });
  if (!answer.ok) throw problem(answer.status, await answer.text());
  return answer.text();
}

/** Every item of a paged list, a thousand at a time; `progress` hears how many of how many. */
export async function everything(path, query, progress = () => {}) {
  const items = [];
  for (;;) {
    const page = await get(path, { ...query, limit: 1000, offset: items.length });
    items.push(...page.items);
    progress(items.length, page.total);
    if (!page.items.length || items.length >= page.total) return items;
  }
}

const part = encodeURIComponent;

/** Addresses of the interface; ids may hold any character. */
export const paths = {
  sites: "/api/v1/sites",
  site: (site) => `/api/v1/sites/${part(site)}`,
  sitePoints: (site) => `/api/v1/sites/${part(site)}/charge-points`,
  allocation: (site) => `/api/v1/smart-charging/sites/${part(site)}/allocation`,
  history: (site) => `/api/v1/smart-charging/sites/${part(site)}/allocation/history`,
  config: (site) => `/api/v1/smart-charging/sites/${part(site)}/config`,
  rebalance: (site) => `/api/v1/smart-charging/sites/${part(site)}/rebalance`,
  limit: (site) => `/api/v1/smart-charging/sites/${part(site)}/limit`,
  decisions: (site) => `/api/v1/smart-charging/sites/${part(site)}/decisions`,
  chargePoints: "/api/v1/charge-points",
  chargePoint: (id) => `/api/v1/charge-points/${part(id)}`,
  variables: (id) => `/api/v1/charge-points/${part(id)}/variables`,
  configuration: (id) => `/api/v1/charge-points/${part(id)}/configuration`,
  commands: (id) => `/api/v1/charge-points/${part(id)}/commands`,
  ocpp: (id, action) => `/api/v1/charge-points/${part(id)}/ocpp/${part(action)}`,
  meterValues: (id) => `/api/v1/charge-points/${part(id)}/meter-values`,
  quirks: (id) => `/api/v1/charge-points/${part(id)}/quirks`,
  password: (id) => `/api/v1/charge-points/${part(id)}/password`,
  securityProfile: (id) => `/api/v1/charge-points/${part(id)}/security-profile`,
  localList: (id) => `/api/v1/charge-points/${part(id)}/local-list`,
  messages: (id) => `/api/v1/charge-points/${part(id)}/messages`,
  sessions: "/api/v1/sessions",
  closeSession: (id) => `/api/v1/sessions/${part(id)}/close`,
  idTokens: "/api/v1/id-tokens",
  idToken: (token) => `/api/v1/id-tokens/${part(token)}`,
  personalData: (token) => `/api/v1/id-tokens/${part(token)}/personal-data`,
  apiKeys: "/api/v1/api-keys",
  apiKey: (name) => `/api/v1/api-keys/${part(name)}`,
  webhooks: "/api/v1/webhooks",
  webhook: (id) => `/api/v1/webhooks/${part(id)}`,
  webhookTest: (id) => `/api/v1/webhooks/${part(id)}/test`,
  deliveries: (id) => `/api/v1/webhooks/${part(id)}/deliveries`,
  audit: "/api/v1/audit",
  alarms: "/api/v1/alarms",
};
