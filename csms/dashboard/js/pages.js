// The pages, in the order of the navigation. `covers`: addresses that light the same entry up.

import { Sites } from "./pages/sites.js";

export const PAGES = [
  { at: "sites", nav: "Sites", icon: "sites", covers: ["sites", "charge-points"], view: Sites },
];
