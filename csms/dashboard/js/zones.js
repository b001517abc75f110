// The time zones of sites, so that what belongs to a site is told in its time.

import { everything, paths } from "./api.js";
import { setUsualZone } from "./format.js";
import { useEffect } from "./html.js";
import { hear } from "./stream.js";
import { shared, useShared } from "./value.js";

const zones = shared(/** @type {Map<string, string>} */ (new Map()));

/** By the id of a site, as far as they are known. */
export const useZones = () => useShared(zones);

/** Learns them while somebody is signed in, and again when something is declared anew. */
export function useZonesOfSites() {
  useEffect(() => {
    const learn = () => everything(paths.sites).then((sites) => {
      const all = new Map(sites.map(({ site_id: site, timezone }) => [site, timezone]));
      setUsualZone(new Set(all.values()).size === 1 ? [...all.values()][0] : undefined);
      zones.set(all);
    }, () => {}); // times then are those of the browser
    learn();
    return hear(({ type }) => type === "configuration_changed" && learn());
  }, []);
}
