// The JavaScript builds, for scripts/build.mjs and for the watch.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Every file below `folder` that ends in `.ts`. */
export function sources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => /(?<!\.d)\.ts$/.test(name) && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

export const javaScript = {
  define: { LANEWISE_VERSION: JSON.stringify(version) },
  outbase: '.',
  outdir: 'dist',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
};

/** The files that keep runs, or refuse to. */
export const recordings = { node: 'src/runs/recording.ts', web: 'src/web/no-folders.ts' };

/** The files that share runs with other machines, or refuse to. */
export const clusters = { node: 'src/cluster/share-run.ts', web: 'src/web/no-cluster.ts' };

/** `#platform/…` is a folder of the sources. Unbundled, package.json's imports say the same. */
export const platform = (folder) => ({
  name: 'platform',
  setup({ onResolve }) {
    onResolve({ filter: /^#recording$/ }, () => ({ path: join(root, recordings[folder]) }));
    onResolve({ filter: /^#cluster$/ }, () => ({ path: join(root, clusters[folder]) }));
    onResolve({ filter: /^#platform\// }, ({ path }) => ({
      path: join(root, 'src', folder, `${path.slice('#platform/'.length)}.ts`),
    }));
  },
});

/**
 * The bundle is not minified: Node shows the line that throws, and stacks name functions. It includes the small packages that
 * every program needs, since finding one in node_modules takes 3 ms.
 */
export const bundle = {
  ...javaScript,
  bundle: true,
  external: [
    'piscina',
    'commander',
    'cli-progress',
    'pngjs',
    '@jsquash/*',
    'csv-parse',
    'yauzl',
    '@nats-io/*',
  ],
};

/** These bundles are one file each. */
export const wholes = {
  ...bundle,
  entryPoints: {
    'workers/worker': 'workers/worker.ts',
    'workers/decoder': 'workers/decoder.ts',
    'workers/image-reader': 'workers/image-reader.ts',
    'workers/subset-reader': 'workers/subset-reader.ts',
    'src/bundle/empty-process': 'src/benchmark/empty-process.ts',
    'src/bundle/inference': 'src/inference/index.ts',
  },
  plugins: [platform('node')],
};
