/** The package's dist/ as a site, with headers and some files made to order, and the tasks of its pages. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as lanewise from '../../src/index.js';
import { serveFolder, type Answer, type Site, type SiteOptions } from '../support/site.js';

const dist = fileURLToPath(new URL('../../', import.meta.url));

export interface MadeSite extends Pick<SiteOptions, 'headers' | 'headersOf'> {
  /** Files instead of dist's or beside them, by path; undefined takes one away. */
  readonly files?: Readonly<Record<string, string | undefined>>;
}

export function serveDist({ files = {}, ...options }: MadeSite): Promise<Site> {
  function made(pathname: string): Answer | undefined {
    if (pathname === '/')
      return { type: 'text/html', body: '<!doctype html><title>Lanewise</title>' };
    const body = files[pathname];
    if (body !== undefined)
      return { type: extname(pathname) === '.js' ? 'text/javascript' : 'text/html', body };
    return pathname in files ? { status: 404 } : undefined;
  }
  return serveFolder(dist, { ...options, answer: ({ pathname }) => made(pathname) });
}

export interface Trained {
  readonly sha256: string;
  readonly loss: number;
  readonly accuracy: number;
  readonly scores: string;
}

/** Eight steps of LeNet-5 and an evaluation: here, and as text in pages. */
export async function trainLittle(
  { digits, lenet5, sgd, train }: typeof lanewise,
  settings: { readonly workers?: number; readonly numerics?: lanewise.Numerics } = {},
): Promise<Trained> {
  const { model } = await train(lenet5(), {
    data: digits({ count: 256 }),
    optimizer: sgd({ lr: 0.1 }),
    epochs: 1,
    batch: 32,
    ...settings,
  });
  const { loss, accuracy, scores } = await model.evaluate(
    digits({ count: 100, first: 1000 }),
    settings.workers === undefined ? {} : { workers: settings.workers },
  );
  const sum = scores.reduce((total, score, i) => total + score * (i % 7), 0);
  return { sha256: await model.sha256(), loss, accuracy, scores: String(sum) };
}
