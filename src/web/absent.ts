/** Stubs of Node's functions that browsers and edge workers lack. A test compares them with index.ts. */
import { LanewiseError } from '../base/errors.js';

function refuse(name: string, hint: string): never {
  throw new LanewiseError(
    'platform',
    `${name} reads or writes files, and there is no file system here`,
    hint,
  );
}

const absent = (name: string, hint: string) => async (): Promise<never> => refuse(name, hint);

const DATA =
  'npyDataset and idxDataset read files that a page was given, arrays() and TensorDataset take data that is in memory, streamOf what comes in pieces';
const RUN = 'train() trains without a folder, and encodeModel gives the bytes of the model';
const REPORT = 'evaluate() of a model gives its figures, createProbe those of its layers';

export const imageFolder = /* @__PURE__ */ absent('imageFolder', DATA);
export const readCsv = /* @__PURE__ */ absent('readCsv', DATA);
export const csvDataset = /* @__PURE__ */ absent('csvDataset', DATA);
export const csvSeries = /* @__PURE__ */ absent(
  'csvSeries',
  'seriesDataset takes rows that are in memory',
);
export const readNpz = /* @__PURE__ */ absent('readNpz', DATA);
export const npzDataset = /* @__PURE__ */ absent('npzDataset', DATA);
export const parquetDataset = /* @__PURE__ */ absent('parquetDataset', DATA);
export const webDataset = /* @__PURE__ */ absent('webDataset', DATA);
export const stl10 = /* @__PURE__ */ absent('stl10', DATA);
export const svhn = /* @__PURE__ */ absent('svhn', DATA);
export const emnist = /* @__PURE__ */ absent('emnist', DATA);
export const readMetrics = /* @__PURE__ */ absent('readMetrics', RUN);
export const inspectRun = /* @__PURE__ */ absent('inspectRun', REPORT);
export const saveEvaluation = /* @__PURE__ */ absent('saveEvaluation', REPORT);
export const writeReport = /* @__PURE__ */ absent('writeReport', REPORT);
export const writeComparison = /* @__PURE__ */ absent('writeComparison', REPORT);
export const sweep = /* @__PURE__ */ absent('sweep', RUN);
export const openReceipt = /* @__PURE__ */ absent('openReceipt', RUN);
export const firstDifference = /* @__PURE__ */ absent('firstDifference', RUN);
export const settleDifference = /* @__PURE__ */ absent('settleDifference', RUN);
export const stateAfter = /* @__PURE__ */ absent('stateAfter', RUN);
export const auditRun = /* @__PURE__ */ absent('auditRun', RUN);
export const watchRun = /* @__PURE__ */ absent('watchRun', RUN);
