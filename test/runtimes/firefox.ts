/** Firefox, headless, on one page: Playwright drives only its own builds of Firefox, and this is the system's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Resolves to what ends it: nothing else is asked of it, pages post what they have to say, and what they complain of
 * stays unheard.
 */
export async function openFirefox(
  path: string,
  url: string,
): Promise<() => Promise<readonly string[]>> {
  const profile = await mkdtemp(join(tmpdir(), 'lanewise-firefox-'));
  const child = spawn(path, ['--headless', '--no-remote', '--profile', profile, url], {
    stdio: 'ignore',
    env: { ...process.env, HOME: profile },
  });
  const ended = once(child, 'exit');
  return async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    return [];
  };
}
