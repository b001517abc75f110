// What stands around every page: where one can go, whether the server answers, the theme.

import { link, signOut } from "./api.js";
import { span } from "./format.js";
import { html, useEffect, useErrorBoundary } from "./html.js";
import { Icon } from "./icons.js";
import { useNow } from "./live.js";
import { PAGES } from "./pages.js";
import { to, useRoute } from "./router.js";
import { follow } from "./stream.js";
import { choice, choose } from "./theme.js";
import { Button, Empty, Toasts } from "./ui.js";
import { useShared } from "./value.js";
import { useZonesOfSites } from "./zones.js";

const THEMES = { auto: ["light", "auto", "Theme: as the system"], light: ["dark", "sun", "Theme: light"], dark: ["auto", "moon", "Theme: dark"] };

export function Shell({ me }) {
  const route = useRoute();
  useEffect(follow, []);
  useZonesOfSites();
  const here = route.parts[0] ?? "sites";
  const offered = PAGES.filter((page) => page.nav && (!page.scope || me.scopes.includes(page.scope)));
  const page = PAGES.find((one) => one.at === here && (!one.scope || me.scopes.includes(one.scope)));
  return html`<a class="skip" href="#main" onClick=${skip}>To the content</a>
    <nav class="rail" aria-label="Pages">
      <a class="brand" href=${to([])}><span class="brand-mark"><${Icon} name="bolt" size=${20} /></span><span>Charging</span></a>
      <ul>
        ${offered.map((one) => html`<li key=${one.at}>
          <a href=${to([one.at])} aria-current=${(one.covers ?? [one.at]).includes(here) ? "page" : undefined}>
            <${Icon} name=${one.icon} /><span>${one.nav}</span>
          </a>
        </li>`)}
      </ul>
      <${Account} me=${me} />
    </nav>
    <${Banner} />
    <main id="main" tabindex="-1">
      ${page
        ? html`<${Guard} key=${route.parts.slice(0, 2).join("/")}><${page.view} parts=${route.parts.slice(1)} query=${route.query} /><//>`
        : html`<${Empty} title="There is no such page">The address may be wrong, or the key may not see it.<//>`}
    </main>
    <${Toasts} />`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function Account({ me }) {
  const chosen = useShared(choice);
  const [next, icon, words] = THEMES[chosen] ?? THEMES.auto;
  return html`<div class="account">
    <${Button} kind="quiet round" icon=${icon} aria-label=${words} title=${words} onClick=${() => choose(next)} />
    <span class="who" title=${`Signed in with the key ${me.name}`}>${me.name}</span>
    <${Button} kind="quiet round" icon="out" aria-label="Sign out" title="Sign out" onClick=${() => signOut("Signed out.")} />
  </div>`;
}

/** Calmly says that the server is gone and how old what one sees is. */
function Banner() {
  const { up, at } = useShared(link);
  const now = useNow();
  if (up) return null;
  return html`<div class="banner" role="status">
    <${Icon} name="alert" size=${18} />
    <span>The server does not answer. What you see is ${span(now - at)} old. It is asked again by itself.</span>
  </div>`;
}

/** A page that fails to draw takes nothing else with it. */
function Guard({ children }) {
  const [error, reset] = useErrorBoundary((failure) => console.error(failure));
  if (!error) return children;
  return html`<div class="empty" role="alert">
    <${Icon} name="alert" size=${32} /><h3>This page could not be drawn</h3>
    <p>${String(error.message ?? error)}</p><${Button} onClick=${reset}>Try again<//>
  </div>`;
}
