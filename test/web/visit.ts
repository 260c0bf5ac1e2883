/** A page that loads the package, after what is done to it first, and tells what it has found. */
import type * as lanewise from '../../src/index.js';
import { openPage, type Browser } from '../support/browser.js';
import { serveDist, trainLittle, type MadeSite, type Trained } from './site.js';

/** The findings of a page. */
export interface Found {
  readonly runtime?: lanewise.Runtime;
  readonly trained?: Trained;
  readonly recoveries?: number;
  readonly error?: { readonly kind: string; readonly text: string };
  readonly warnings: readonly string[];
}

export interface Visit extends MadeSite {
  /** JavaScript that is run first. */
  readonly before?: string;
  /** What `init` is given; `origin` is another server's. */
  readonly init?: string;
  readonly settings?: Parameters<typeof trainLittle>[1];
  /** Instead of training a little; `lanewise` is the package. */
  readonly program?: string;
}

/** The script of a page, or of a worker that posts its findings. */
export const script = ({
  before = '',
  init = '{}',
  settings = {},
  program,
}: Visit) => `(async () => {
  const warnings = [];
  console.warn = (text) => warnings.push(text);
  const found = { warnings };
  try {
    ${before}
    const lanewise = await import('/browser/index.js');
    found.runtime = await lanewise.init(${init});
    found.trained = await (${program ?? `(${trainLittle})(lanewise, ${JSON.stringify(settings)})`});
  } catch (error) {
    found.error = { kind: error.kind, text: error.message + '\\n' + error.hint };
  }
  return found;
})()`;

export async function visitIn(browser: Browser, options: Visit): Promise<Found> {
  const site = await serveDist(options);
  try {
    const page = await openPage(browser, site.url);
    try {
      return await page.evaluate<Found>(script(options));
    } finally {
      await page.close();
    }
  } finally {
    await site.close();
  }
}
