/** What a file is that is not an ONNX file, by its first bytes. */
import { LanewiseError } from '../base/errors.js';
import { foreignKind } from '../formats/foreign.js';

/** First bytes of a model: a field's number and wire type. */
const BEGINNINGS = [0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72];

const REMEDY = 'torch.onnx.export(model.eval(), inputs, FILE) writes an ONNX file';

/** The refusal of bytes that were never an ONNX file; undefined for a damaged one. */
export function notOnnx(bytes: Uint8Array, name: string): LanewiseError | undefined {
  const kind = foreignKind(bytes);
  if (kind && kind.reader !== 'lanewise/onnx') {
    const way = kind.reader ? `'${kind.reader}' reads such files; ${REMEDY}` : kind.way;
    return new LanewiseError(
      'file',
      `'${name}' is ${kind.is}, expected an ONNX file`,
      way.replace('FILE', `'${name}'`),
    );
  }
  const begins = new TextDecoder('latin1').decode(bytes.subarray(0, 16));
  const isText = /^[\t\n\r -~]{4,}$/.test(begins);
  if (!isText && BEGINNINGS.includes(bytes[0]!)) return undefined;
  const found = isText ? 'a text' : 'something else';
  return new LanewiseError(
    'file',
    `'${name}' is not an ONNX file but ${found} that begins with ${JSON.stringify(begins)}`,
    REMEDY,
  );
}
