// Writes test/golden/parquet/*.parquet with other writers than the reader's: parquet-wasm (arrow-rs) and hyparquet-writer,
// which are no dependencies. Each holds the same table, or the same images.
//   npm install --no-save parquet-wasm apache-arrow hyparquet-writer && node test/golden/make_parquet.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as arrow from 'apache-arrow';
import * as wasm from 'parquet-wasm';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { PNG } from 'pngjs';

const folder = fileURLToPath(new URL('parquet/', import.meta.url));
mkdirSync(folder, { recursive: true });

/** Row i of the table, as test/data/parquet.test.ts expects it. */
const ROWS = 60;
const rows = Array.from({ length: ROWS }, (_, i) => ({
  count: i - 5,
  big: BigInt(i) * 10n,
  width: i % 7 === 3 ? null : i / 8,
  small: i / 4,
  wild: i % 3 === 0,
  form: ['long', 'wide', 'round'][i % 3],
  day: new Date(Date.UTC(2024, 0, 1 + i)),
  target: i % 2 ? 'yes' : 'no',
}));
const column = (name, type) =>
  arrow.vectorFromArray(
    rows.map((row) => row[name]),
    type,
  );
const text = () => new arrow.Utf8();
const table = new arrow.Table({
  count: column('count', new arrow.Int32()),
  big: column('big', new arrow.Int64()),
  width: column('width', new arrow.Float64()),
  small: column('small', new arrow.Float32()),
  wild: column('wild', new arrow.Bool()),
  form: column('form', new arrow.Dictionary(text(), new arrow.Int32())),
  day: column('day', new arrow.DateDay()),
  target: column('target', text()),
});

function write(name, from, options = (builder) => builder) {
  const builder = options(new wasm.WriterPropertiesBuilder());
  const bytes = wasm.writeParquet(
    wasm.Table.fromIPCStream(arrow.tableToIPC(from, 'stream')),
    builder.build(),
  );
  writeFileSync(`${folder}${name}.parquet`, bytes);
}

for (const codec of ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'])
  write(`table-${codec.toLowerCase()}`, table, (builder) =>
    builder.setCompression(wasm.Compression[codec]).setMaxRowGroupSize(25),
  );
write('table-v2', table, (builder) =>
  builder
    .setWriterVersion(wasm.WriterVersion.V2)
    .setDictionaryEnabled(false)
    .setCompression(wasm.Compression.SNAPPY),
);
write('table-plain', table, (builder) =>
  builder.setDictionaryEnabled(false).setDataPageSizeLimit(64),
);
writeFileSync(
  `${folder}table-hyparquet.parquet`,
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        ['count', 'INT32'],
        ['big', 'INT64'],
        ['width', 'DOUBLE'],
        ['small', 'FLOAT'],
        ['wild', 'BOOLEAN'],
        ['form', 'STRING'],
        ['day', 'TIMESTAMP'],
        ['target', 'STRING'],
      ].map(([name, type]) => ({ name, type, data: rows.map((row) => row[name]), nullable: true })),
    }),
  ),
);

/** A picture of 12 × 10 whose colours follow from i. */
function picture(i) {
  const png = new PNG({ width: 12, height: 10 });
  for (let p = 0; p < 120; p++)
    png.data.set([(i * 20 + p) % 256, i % 3 === 0 ? 200 : 20, (p * 2) % 256, 255], 4 * p);
  return new Uint8Array(PNG.sync.write(png));
}

const image = new arrow.Struct([
  new arrow.Field('bytes', new arrow.Binary(), true),
  new arrow.Field('path', text(), true),
]);
const features = {
  image: { _type: 'Image' },
  label: { names: ['cat', 'dog', 'owl'], _type: 'ClassLabel' },
};

const images = (first, count) => {
  const places = Array.from({ length: count }, (_, i) => first + i);
  return new arrow.Table({
    image: arrow.vectorFromArray(
      places.map((i) => ({ bytes: picture(i), path: `${i}.png` })),
      image,
    ),
    label: arrow.vectorFromArray(
      places.map((i) => BigInt(i % 3)),
      new arrow.Int64(),
    ),
  });
};
const noted = (builder) =>
  builder
    .setKeyValueMetadata(new Map([['huggingface', JSON.stringify({ info: { features } })]]))
    .setMaxRowGroupSize(4);
write('train-00000-of-00002', images(0, 7), (builder) =>
  noted(builder).setCompression(wasm.Compression.SNAPPY),
);
write('train-00001-of-00002', images(7, 6), (builder) =>
  noted(builder).setDictionaryEnabled(false).setCompression(wasm.Compression.UNCOMPRESSED),
);
write('test-00000-of-00001', images(13, 4), (builder) =>
  noted(builder).setCompression(wasm.Compression.UNCOMPRESSED),
);
/** Rows that cannot be trained on: an image by its path alone, a label that is missing, one of −1. */
const partial = (name, bytes, label) =>
  write(
    name,
    new arrow.Table({
      image: arrow.vectorFromArray(
        [
          { bytes: picture(1), path: 'a.png' },
          { bytes, path: 'b.png' },
        ],
        image,
      ),
      label: arrow.vectorFromArray([1n, label], new arrow.Int64()),
    }),
    noted,
  );
partial('partial-image', null, 1n);
partial('partial-label', picture(2), null);
partial('partial-unlabelled', picture(2), -1n);
write(
  'lists',
  new arrow.Table({
    tokens: arrow.vectorFromArray(
      [[1, 2], [3]],
      new arrow.List(new arrow.Field('item', new arrow.Int32(), true)),
    ),
    target: arrow.vectorFromArray([1, 2], new arrow.Int32()),
  }),
);
