/** The name and version of this browser, as results have them. */
import type { Engine } from '../../src/benchmark/results.js';

interface Brand {
  readonly brand: string;
  readonly version: string;
}

interface Told {
  getHighEntropyValues(hints: readonly string[]): Promise<{ fullVersionList?: readonly Brand[] }>;
}

/** `chromium 156.0.7412.3`, `firefox 153.0`, `safari 18.4`. */
export async function engineOfBrowser(): Promise<Engine> {
  const { userAgent, userAgentData } = navigator as Navigator & { userAgentData?: Told };
  const told = await userAgentData?.getHighEntropyValues(['fullVersionList']).catch(() => {});
  // One of the brands is made up, so that nobody relies on the list.
  const brands = told?.fullVersionList?.filter(({ brand }) => !/not.?a.?brand/i.test(brand)) ?? [];
  const brand = brands.find((each) => each.brand !== 'Chromium') ?? brands[0];
  if (brand) return { name: brand.brand.toLowerCase(), version: brand.version };
  const [, name, version] = /(Firefox|Chrome|Version)\/([\d.]+)/.exec(userAgent) ?? [];
  if (!name || !version) return { name: 'browser', version: 'unknown' };
  return { name: name === 'Version' ? 'safari' : name.toLowerCase(), version };
}
