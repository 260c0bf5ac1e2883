/** Image files for tests, encoded by the packages that decode them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import type { RgbaImage } from '../../src/formats/pixels.js';
import { createDraw } from './numbers.js';

export type Format = 'png' | 'jpg' | 'webp';

interface Encoder {
  encode(rgba: Uint8ClampedArray, width: number, height: number, options: object): Uint8Array;
}

type Create = (options: object) => Promise<Encoder>;

async function load(glue: string, wasm: string, meta: string) {
  const module = await WebAssembly.compile(
    await readFile(createRequire(import.meta.url).resolve(wasm)),
  );
  const create = ((await import(glue)) as { default: Create }).default;
  const encoder = await create({
    noInitialRun: true,
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
  });
  const { defaultOptions } = (await import(meta)) as { defaultOptions: object };
  return (image: RgbaImage, options: object) => {
    const rgba = new Uint8ClampedArray(image.rgba);
    return encoder
      .encode(rgba, image.width, image.height, { ...defaultOptions, ...options })
      .slice();
  };
}

const jpeg = load(
  '@jsquash/jpeg/codec/enc/mozjpeg_enc.js',
  '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm',
  '@jsquash/jpeg/meta.js',
);
const webp = load(
  '@jsquash/webp/codec/enc/webp_enc.js',
  '@jsquash/webp/codec/enc/webp_enc.wasm',
  '@jsquash/webp/meta.js',
);

/** A file of the format; `options` are the encoder's. */
export async function encodeImage(
  format: Format,
  image: RgbaImage,
  options: object = {},
): Promise<Uint8Array> {
  if (format === 'jpg') return (await jpeg)(image, options);
  if (format === 'webp') return (await webp)(image, options);
  const png = new PNG({ width: image.width, height: image.height });
  png.data.set(image.rgba);
  return new Uint8Array(PNG.sync.write(png));
}

/** A smooth picture in colours that `seed` draws. */
export function picture(width: number, height: number, seed: number): RgbaImage {
  const draw = createDraw(seed);
  const slopes = Array.from({ length: 6 }, () => draw(-6, 6));
  const starts = Array.from({ length: 3 }, () => draw(40, 215));
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let c = 0; c < 3; c++) {
      const value = starts[c]! + slopes[2 * c]! * x + slopes[2 * c + 1]! * y + draw(0, 8);
      rgba[4 * i + c] = Math.min(255, Math.max(0, value));
    }
    rgba[4 * i + 3] = 255;
  }
  return { width, height, rgba };
}

/** Writes files by their paths to a new folder, which `use` may read; afterwards it is gone. */
export async function withFolder(
  files: Readonly<Record<string, Uint8Array | string>>,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'lanewise-images-'));
  try {
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), bytes);
    }
    await use(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

/** `count` images of all formats in `classes` folders `a`, `b`, …, of different extents. */
export async function imageFiles(
  count: number,
  classes: number,
): Promise<Record<string, Uint8Array>> {
  const formats: readonly Format[] = ['png', 'jpg', 'webp'];
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < count; i++) {
    const format = formats[i % 3]!;
    const folder = String.fromCharCode(97 + (i % classes));
    const image = picture(24 + (i % 5) * 7, 30 + (i % 4) * 5, i + 1);
    files[`${folder}/${String(i).padStart(4, '0')}.${format}`] = await encodeImage(format, image);
  }
  return files;
}
