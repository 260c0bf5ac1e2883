/**
 * PNG, JPEG and WebP files as pixels (Node). pngjs is JavaScript, mozjpeg and libwebp come as WebAssembly
 * (@jsquash/*), so that every engine decodes the same bits. Each is loaded when its first image comes.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { checkExtents, damaged, imageTypeOf, jpegExtents, webpExtents } from './image-header.js';
import type { RgbaImage } from './pixels.js';

/**
 * The pixels of a PNG, JPEG or WebP file, which its first bytes tell apart; `name` is for messages. EXIF
 * orientation and colour profiles are ignored, as by torchvision's loader.
 * @throws LanewiseError kind 'file' if it is none of them, has more than `maxPixels`, or is cut short or corrupt.
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  maxPixels: number,
): Promise<RgbaImage> {
  const type = imageTypeOf(bytes, name);
  if (type === 'png') return (await loadPng()).decodePngPixels(bytes, name, maxPixels);
  const extents = (type === 'jpeg' ? jpegExtents : webpExtents)(bytes, name);
  checkExtents(extents, name, maxPixels);
  return type === 'jpeg' ? decodeJpeg(bytes, name, extents) : decodeWebp(bytes, name, extents);
}

const loadPng = () => import('./png.js');

type Extents = Pick<RgbaImage, 'width' | 'height'>;

/** What both Emscripten modules have. */
interface Codec {
  decode(bytes: Uint8Array, preserveOrientation: boolean): ImageData | null;
}

interface CodecModule {
  readonly default: (options: object) => Promise<Codec>;
}

/** A compiled codec: its instances are cheap, and one that has failed is not used again. */
interface LoadedCodec {
  codec: Promise<Codec> | undefined;
  start(): Promise<Codec>;
  /** What the codec said since `decode` was called. */
  messages: string[];
}

function lazyCodec(load: () => Promise<CodecModule>, wasm: string): LoadedCodec {
  let module: WebAssembly.Module | undefined;
  const loaded: LoadedCodec = {
    codec: undefined,
    messages: [],
    async start() {
      const create = (await load()).default;
      module ??= await WebAssembly.compile(
        await readFile(createRequire(import.meta.url).resolve(wasm)),
      );
      const compiled = module;
      const say = (line: unknown) => void loaded.messages.push(String(line));
      return create({
        noInitialRun: true,
        print: say,
        printErr: say,
        instantiateWasm(
          imports: WebAssembly.Imports,
          done: (instance: WebAssembly.Instance) => void,
        ) {
          const instance = new WebAssembly.Instance(compiled, imports);
          done(instance);
          return instance.exports;
        },
      });
    },
  };
  return loaded;
}

const jpeg = lazyCodec(
  // The package's own entry fetches its Wasm, which Node does not for files.
  async () => (await import('@jsquash/jpeg/codec/dec/mozjpeg_dec.js')) as unknown as CodecModule,
  '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm',
);

const webp = lazyCodec(
  async () => (await import('@jsquash/webp/codec/dec/webp_dec.js')) as unknown as CodecModule,
  '@jsquash/webp/codec/dec/webp_dec.wasm',
);

/** Decodes in an instance that lasts until it fails. @throws whatever the codec throws, or says instead of pixels. */
async function decodeBy(loaded: LoadedCodec, bytes: Uint8Array): Promise<ImageData> {
  loaded.codec ??= loaded.start();
  const codec = await loaded.codec;
  loaded.messages.length = 0;
  try {
    // With the orientation preserved, that is not applied to the pixels.
    const image = codec.decode(bytes, true);
    if (image) return image;
  } catch {
    // It has called exit, with memory of the image still taken.
    loaded.codec = undefined;
  }
  throw new Error(loaded.messages.join(', ') || 'the codec cannot decode it');
}

/** libjpeg fills what is missing with grey and says so; bytes too many between segments are harmless, and common. */
const isHarmless = (message: string): boolean => /extraneous bytes/.test(message);

async function decodeJpeg(bytes: Uint8Array, name: string, extents: Extents): Promise<RgbaImage> {
  let image: ImageData;
  try {
    image = await decodeBy(jpeg, bytes);
  } catch (error) {
    throw damaged(name, 'JPEG', (error as Error).message, error);
  }
  const complaint = jpeg.messages.find((message) => !isHarmless(message));
  if (complaint !== undefined) throw damaged(name, 'JPEG', complaint);
  return checkDecoded(image, extents, name, 'JPEG');
}

async function decodeWebp(bytes: Uint8Array, name: string, extents: Extents): Promise<RgbaImage> {
  try {
    return checkDecoded(await decodeBy(webp, bytes), extents, name, 'WebP');
  } catch (error) {
    throw damaged(name, 'WebP', (error as Error).message, error);
  }
}

/** The codec must have found the extents that the header gave. */
function checkDecoded(
  { data, width, height }: ImageData,
  extents: Extents,
  name: string,
  type: string,
): RgbaImage {
  if (width !== extents.width || height !== extents.height) {
    throw damaged(
      name,
      type,
      `it decodes to ${width} × ${height} pixels, its header says ${extents.width} × ${extents.height}`,
    );
  }
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}
