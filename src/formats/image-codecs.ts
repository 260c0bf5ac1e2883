/**
 * Decoders of PNG, JPEG and WebP files to pixels (Node). The codec pngjs is JavaScript; mozjpeg and libwebp come as WebAssembly
 * (@jsquash/*), so every engine decodes the same bits. Each is loaded when its first image comes.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { checkExtents, damaged, imageTypeOf, jpegExtents, webpExtents } from './image-header.js';
import { fourComponents, type FourComponents } from './jpeg-components.js';
import type { RgbaImage } from './pixels.js';

/**
 * The pixels of a PNG, JPEG or WebP file, recognised by its first bytes; `name` is for messages. EXIF orientation and
 * colour profiles are ignored, as in torchvision's loader.
 * @throws LanewiseError kind 'file' if it is none of the three, has more than `maxPixels`, or is cut short or corrupt.
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

/** The interface shared by both Emscripten modules. */
interface Codec {
  decode(bytes: Uint8Array, ...options: boolean[]): ImageData | null;
  readonly HEAPU8: Uint8Array;
}

interface CodecModule {
  readonly default: (options: object) => Promise<Codec>;
}

interface Decoded {
  readonly image: ImageData;
  /** The codec's complaints. */
  readonly messages: readonly string[];
}

/** Decodes. @throws Error with the codec's message instead of pixels. */
type Decode = (bytes: Uint8Array, ...options: boolean[]) => Promise<Decoded>;

/** An instance whose memory a huge image has grown beyond this is discarded, as memory never shrinks. */
const MOST_HEAP_BYTES = 2 ** 26;

/** A codec that is compiled when its first image comes. */
function lazyCodec(load: () => Promise<CodecModule>, wasm: string): Decode {
  let messages: string[] = [];
  let module: Promise<WebAssembly.Module> | undefined;
  let instance: Promise<Codec> | undefined;

  const compile = async (): Promise<WebAssembly.Module> =>
    WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve(wasm)));

  async function start(): Promise<Codec> {
    const create = (await load()).default;
    const compiled = await (module ??= compile());
    const say = (line: unknown) => void messages.push(String(line));
    return create({
      noInitialRun: true,
      print: say,
      printErr: say,
      instantiateWasm(imports: WebAssembly.Imports, done: (made: WebAssembly.Instance) => void) {
        const made = new WebAssembly.Instance(compiled, imports);
        done(made);
        return made.exports;
      },
    });
  }

  return async function decode(bytes, ...options) {
    const own = (instance ??= start());
    const codec = await own;
    // It has failed for another image in the meantime.
    if (instance !== own) return decode(bytes, ...options);
    messages = [];
    let image: ImageData | null = null;
    try {
      image = codec.decode(bytes, ...options);
    } catch {
      // It has called exit, with the image's memory still allocated.
      instance = undefined;
    }
    if (codec.HEAPU8.byteLength > MOST_HEAP_BYTES) instance = undefined;
    if (image) return { image, messages };
    throw new Error(messages.join(', ') || 'the codec cannot decode it');
  };
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

/**
 * Whether a warning is harmless: extra bytes between segments are common. Missing data, which libjpeg fills with grey,
 * is not.
 */
const isHarmless = (message: string): boolean => /extraneous bytes/.test(message);

async function decodeJpeg(bytes: Uint8Array, name: string, extents: Extents): Promise<RgbaImage> {
  const four = fourComponents(bytes, name);
  return four ? decodeCmyk(four, name, extents) : decodeThree(bytes, name, extents);
}

/**
 * CMYK as Pillow's `convert('RGB')` has it: no colour profile, and values taken as inverted, as Adobe's are (255 is no
 * ink). From YCCK the codec makes red, green and blue, the inverses of the first three.
 */
async function decodeCmyk(
  { isYcck, spare, without }: FourComponents,
  name: string,
  extents: Extents,
): Promise<RgbaImage> {
  // A copy, because the next call may overwrite it.
  const { rgba } = await decodeThree(without(3, isYcck), name, extents);
  const colours = rgba.slice();
  const { rgba: black } = await decodeThree(without(spare), name, extents);
  for (let i = 0; i < colours.length; i++) {
    if (i % 4 === 3) continue;
    const key = black[i - (i % 4) + 2]!;
    const ink = (isYcck ? colours[i]! : 255 - colours[i]!) * key + 128;
    colours[i] = Math.max(0, key - (((ink >> 8) + ink) >> 8));
  }
  return { ...extents, rgba: colours };
}

async function decodeThree(bytes: Uint8Array, name: string, extents: Extents): Promise<RgbaImage> {
  // `preserveOrientation` true would turn the pixels as EXIF says.
  const { image, messages } = await jpeg(bytes, false).catch(refuse(name, 'JPEG'));
  const complaint = messages.find((message) => !isHarmless(message));
  if (complaint !== undefined) throw damaged(name, 'JPEG', complaint);
  return checkDecoded(image, extents, name, 'JPEG');
}

async function decodeWebp(bytes: Uint8Array, name: string, extents: Extents): Promise<RgbaImage> {
  const { image } = await webp(bytes).catch(refuse(name, 'WebP'));
  return checkDecoded(image, extents, name, 'WebP');
}

const refuse = (name: string, type: string) => (error: unknown) => {
  throw damaged(name, type, (error as Error).message, error);
};

/** Checks that the codec found the header's extents. */
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
