// Where the page begins: who is looking, and at what.

import { session, signIn, signOut, storedKey, Unreachable } from "./api.js";
import { html, render, useEffect, useState } from "./html.js";
import { SignIn } from "./pages/sign-in.js";
import { startRouter, to } from "./router.js";
import { Shell } from "./shell.js";
import { startTheme } from "./theme.js";
import { Waiting } from "./ui.js";
import { useShared } from "./value.js";

/** A link with #key=... signs in; the key does not stay in the address, nor in the tab's history. */
function keyOfLink() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) history.replaceState(null, "", to([]));
  return key;
}

function App({ linked }) {
  const me = useShared(session);
  const [trying, setTrying] = useState(Boolean(linked ?? storedKey()));
  useEffect(() => {
    if (!trying) return;
    let timer = 0;
    async function attempt() {
      try {
        await signIn(linked ?? storedKey());
        setTrying(false);
      } catch (error) {
        if (error instanceof Unreachable) {
          timer = setTimeout(attempt, 3000);
          return;
        }
        signOut(error.message);
        setTrying(false);
      }
    }
    attempt();
    return () => clearTimeout(timer);
  }, [trying]);
  if (me) return html`<${Shell} me=${me} />`;
  return trying ? html`<main class="alone"><${Waiting} lines=${3} /></main>` : html`<${SignIn} />`;
}

const linked = keyOfLink();
startTheme();
startRouter();
render(html`<${App} linked=${linked} />`, document.getElementById("app"));
