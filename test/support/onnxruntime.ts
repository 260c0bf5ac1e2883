/** onnxruntime and ONNX's own checker, where they are installed, as judges of files that are written. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What a file is run on, and what it answers. */
export interface Values {
  readonly type?: 'float32' | 'int64';
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface Case {
  readonly bytes: Uint8Array;
  /** Inputs by name, each of which is run. */
  readonly runs: readonly Readonly<Record<string, Values>>[];
}

/** Each run's outputs by name, or why there are none. */
export type Answer = readonly Readonly<Record<string, Values>>[] | { readonly error: string };

/** Where onnxruntime-node is: LANEWISE_ONNXRUNTIME, or what `npm run tools` has installed. */
export const onnxruntime: string | undefined = [
  process.env['LANEWISE_ONNXRUNTIME'],
  join(root, '.engines/onnxruntime/node_modules/onnxruntime-node'),
].find((path) => path !== undefined && existsSync(path));

/** Debian's Python, if it has ONNX. */
export const hasChecker =
  existsSync('/usr/bin/python3') &&
  spawnSync('/usr/bin/python3', ['-c', 'import onnx']).status === 0;

function inFolder<T>(files: readonly Uint8Array[], use: (paths: string[], folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-onnx-'));
  try {
    const paths = files.map((bytes, i) => {
      const path = join(folder, `${i}.onnx`);
      writeFileSync(path, bytes);
      return path;
    });
    return use(paths, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const asJson = (inputs: Readonly<Record<string, Values>>) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { type = 'float32', dims, data }]) => [
      name,
      { type, dims, data: Array.from(data) },
    ]),
  );

/** The answers of onnxruntime, in a process of its own. */
export const runOnnx = (cases: readonly Case[]): Answer[] =>
  inFolder(
    cases.map(({ bytes }) => bytes),
    (paths, folder) => {
      const list = join(folder, 'cases.json');
      const given = cases.map(({ runs }, i) => ({ file: paths[i], runs: runs.map(asJson) }));
      writeFileSync(list, JSON.stringify(given));
      const script = join(root, 'test/support/run-onnx.mjs');
      const output = execFileSync(process.execPath, [script, onnxruntime!, list], {
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Answer);
    },
  );

const CHECK = `
import sys, onnx
for path in sys.argv[1:]:
    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
        print('fine')
    except Exception as error:
        print(' '.join(str(error).split()))
`;

/** What ONNX's checker, with inference of shapes, says to each file: `fine`, or what is wrong. */
export const checkOnnx = (files: readonly Uint8Array[]): string[] =>
  inFolder(files, (paths) =>
    execFileSync('/usr/bin/python3', ['-c', CHECK, ...paths], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split('\n'),
  );
