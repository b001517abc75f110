// Data that stays fresh: asked for again and again while somebody looks, and at once when something has happened.

import { useCallback, useEffect, useRef, useState } from "./html.js";

/** How often figures are asked for; the stream of events asks for them in between. */
export const LIVE_MS = 2000;

const listeners = new Set();

/** Something has changed on the server: whoever shows live data asks again. */
export function refreshAll() {
  for (const listener of [...listeners]) listener();
}

/**
 * The answer of `load`, asked for again every so many ms (0: only once), and when `key` changes.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {unknown} key what the answer depends on
 * @param {number} everyMs
 * @returns {{data: T | undefined, error: Error | undefined, loading: boolean, reload: () => void}}
 */
export function useLive(load, key, everyMs = LIVE_MS) {
  const [state, setState] = useState({ key, data: undefined, error: undefined, loading: true });
  const latest = useRef(load);
  latest.current = load;
  const again = useRef(() => {});

  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    let running = false;
    let asked = false;
    setState((was) => (was.key === key ? was : { key, data: undefined, error: undefined, loading: true }));

    async function turn() {
      clearTimeout(timer);
      if (running) {
        asked = true;
        return;
      }
      running = true;
      try {
        const data = await latest.current(stop.signal);
        if (!stop.signal.aborted) setState({ key, data, error: undefined, loading: false });
      } catch (error) {
        if (!stop.signal.aborted) setState((was) => ({ ...was, key, error, loading: false }));
      }
      running = false;
      if (stop.signal.aborted) return;
      if (asked) {
        asked = false;
        timer = setTimeout(turn, 250);
      } else if (everyMs && !document.hidden) timer = setTimeout(turn, everyMs);
    }

    const onVisible = () => !document.hidden && everyMs && turn();
    document.addEventListener("visibilitychange", onVisible);
    if (everyMs) listeners.add(turn);
    again.current = turn;
    turn();
    return () => {
      stop.abort();
      clearTimeout(timer);
      listeners.delete(turn);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [key, everyMs]);

  const reload = useCallback(() => again.current(), []);
  const current = state.key === key ? state : { data: undefined, error: undefined, loading: true };
  return { data: current.data, error: current.error, loading: current.loading, reload };
}

/** The time, every so many ms. */
export function useNow(everyMs = 1000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
