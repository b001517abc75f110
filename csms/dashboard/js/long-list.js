// A list of any length that draws only what is seen, and asks for its pages when they come into sight.

import { get } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { useLive } from "./live.js";
import { Failed, Waiting } from "./ui.js";

const PAGE = 100;
const BEYOND = 8; // rows drawn above and below what is seen

/**
 * @param {{path: string, query: object, head: any, row: (item: any) => any, rowHeight: number, empty: any, label: string}} props
 *   `row` gives the cells of an item; null stands for one that is still on its way
 */
export function LongList({ path, query, head, row, rowHeight, empty, label }) {
  const key = `${path}?${JSON.stringify(query)}`;
  const first = useLive((signal) => get(path, { ...query, limit: PAGE, offset: 0 }, signal), key, 5000);
  const pages = useRef({ key, items: new Map(), asked: new Set() });
  const [, setSeen] = useState(0);
  const [view, setView] = useState({ top: 0, height: 800 });
  const box = useRef(null);
  if (pages.current.key !== key) pages.current = { key, items: new Map(), asked: new Set() };
  if (first.data) pages.current.items.set(0, first.data.items);
  const total = first.data?.total ?? 0;

  const from = Math.max(0, Math.floor(view.top / rowHeight) - BEYOND);
  const to = Math.min(total, Math.ceil((view.top + view.height) / rowHeight) + BEYOND);

  useEffect(() => {
    const mine = pages.current;
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page += 1) {
      if (page === 0 || mine.asked.has(page)) continue;
      mine.asked.add(page);
      get(path, { ...query, limit: PAGE, offset: page * PAGE })
        .then((answer) => {
          mine.items.set(page, answer.items);
          setSeen(Date.now());
        })
        .catch(() => mine.asked.delete(page)); // asked for again when it is next in sight
    }
  }, [from, to, key]);

  // What scrolls is the page itself.
  useEffect(() => {
    const look = () => {
      if (!box.current) return;
      setView({ top: Math.max(0, -box.current.getBoundingClientRect().top), height: innerHeight });
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [Boolean(first.data)]);

  if (!first.data) return first.error ? html`<${Failed} error=${first.error} again=${first.reload} />` : html`<${Waiting} lines=${8} />`;
  if (!total) return empty;
  const rows = [];
  for (let index = from; index < to; index += 1) {
    const item = pages.current.items.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
    rows.push(html`<div key=${index} class="long-row" role="row" aria-rowindex=${index + 2} style=${{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}>${row(item)}</div>`);
  }
  return html`<div class="long" role="table" aria-label=${label} aria-rowcount=${total + 1}>
    <div class="long-row head" role="row" aria-rowindex="1">${head}</div>
    <div class="long-box" ref=${box} style=${{ height: `${total * rowHeight}px` }} role="rowgroup">${rows}</div>
  </div>`;
}
