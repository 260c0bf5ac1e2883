/**
 * Serves the built package to browsers, with or without isolation from other origins, under a strict policy; pages post
 * their reports back.
 */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ISOLATED, policy, serveFolder, type Answer } from '../support/site.js';

const dist = fileURLToPath(new URL('../../', import.meta.url));

export interface Site {
  /** The page that loads a script of dist/ as a module; `search` is for the script. */
  url(script: string, search?: string): string;
  /** What a page posts to /report next, read as JSON. @throws Error if the page posts an error, or nothing in time. */
  report<T>(patienceMs: number): Promise<T>;
  close(): Promise<void>;
}

export interface SiteOptions {
  /** From other origins, so that memory can be shared with workers. */
  readonly isolated: boolean;
  /** Without, scripts may do what they like. Default true. */
  readonly strict?: boolean;
}

export async function startSite({ isolated, strict = true }: SiteOptions): Promise<Site> {
  let settle: ((text: string) => void) | undefined;

  async function answer(
    { pathname, searchParams }: URL,
    request: IncomingMessage,
  ): Promise<Answer | undefined> {
    if (request.method === 'POST') {
      settle?.(await text(request));
      return {};
    }
    if (pathname !== '/') return undefined;
    const script = `<script type="module" src="/${searchParams.get('script')}"></script>`;
    return { type: 'text/html', body: `<!doctype html><title>Lanewise</title>${script}` };
  }

  const headers = { ...(strict ? policy() : {}), ...(isolated ? ISOLATED : {}) };
  const { url, close } = await serveFolder(dist, { headers, answer });
  return {
    url: (script, search = '') => `${url}?script=${script}${search}`,
    report<T>(patienceMs: number) {
      const reported = new Promise<T>((resolve, reject) => {
        const late = () => reject(new Error(`the page reported nothing in ${patienceMs / 1000} s`));
        const timer = setTimeout(late, patienceMs);
        settle = (text) => {
          clearTimeout(timer);
          const { error, report } = JSON.parse(text) as { error?: string; report?: T };
          if (error) reject(new Error(error));
          else resolve(report!);
        };
      });
      // The page requests it only once it is open.
      reported.catch(() => {});
      return reported;
    },
    close,
  };
}
