// The pages, in the order of the navigation. `covers`: addresses that light the same entry up.

import { ApiKeys } from "./pages/api-keys.js";
import { Audit } from "./pages/audit.js";
import { ChargePoint } from "./pages/charge-point.js";
import { Events } from "./pages/events.js";
import { IdTokens } from "./pages/id-tokens.js";
import { Sessions } from "./pages/sessions.js";
import { Sites } from "./pages/sites.js";
import { Webhooks } from "./pages/webhooks.js";

export const PAGES = [
  { at: "sites", nav: "Sites", icon: "sites", covers: ["sites", "charge-points"], view: Sites },
  { at: "charge-points", view: ChargePoint },
  { at: "sessions", nav: "Sessions", icon: "sessions", view: Sessions },
  { at: "id-tokens", nav: "Id tokens", icon: "card", view: IdTokens },
  { at: "events", nav: "Events", icon: "bell", view: Events },
  { at: "api-keys", nav: "API keys", icon: "key", covers: ["api-keys", "webhooks", "audit"], scope: "admin", view: ApiKeys },
  { at: "webhooks", scope: "admin", view: Webhooks },
  { at: "audit", scope: "admin", view: Audit },
];
