// Addresses of pages: #/sites/ID/history?granularity=1min. Everything behind the # stays in the browser.

import { shared, useShared } from "./value.js";

/** @returns {{parts: string[], query: Record<string, string>}} */
export function parse(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { parts, query: Object.fromEntries(new URLSearchParams(query ?? "")) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address; each part may hold any character. */
export function to(parts, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const tail = given.length ? `?${new URLSearchParams(given)}` : "";
  return `#/${parts.map(encodeURIComponent).join("/")}${tail}`;
}

const route = shared(parse(""));

export const useRoute = () => useShared(route);

export function go(parts, query) {
  location.hash = to(parts, query);
}

/** Changes the address in place: a filter is no new page. */
export function replaceQuery(query) {
  history.replaceState(null, "", to(route.get().parts, query));
  route.set(parse(location.hash));
}

export function startRouter() {
  const read = () => {
    const next = parse(location.hash);
    const moved = next.parts.join("/") !== route.get().parts.join("/");
    route.set(next);
    if (moved) window.scrollTo(0, 0);
  };
  addEventListener("hashchange", read);
  read();
}
