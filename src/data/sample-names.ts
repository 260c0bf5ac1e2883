/** The names of samples, such as their files, that outlast the reading of the samples into memory. */
import type { Samples } from './samples.js';

type NameOf = (index: number) => string;

/** By the values in memory, so that other samples, such as a part of them, have no wrong names. */
const names = /* @__PURE__ */ new WeakMap<object, NameOf>();

const valuesOf = ({ inputs }: Samples): object | undefined => Object.values(inputs)[0]?.values;

/** Says that samples in memory have the names of those that they were read from. */
export function keepNames(from: Samples, read: Samples): void {
  const [values, nameOf] = [valuesOf(read), namesOf(from)];
  if (values && nameOf) names.set(values, nameOf);
}

/** What each sample is called by its source, `'/absolute/path'`; undefined if it has no name. */
export function namesOf(samples: Samples): NameOf | undefined {
  const values = valuesOf(samples);
  return samples.source?.reader?.describe ?? (values && names.get(values)) ?? pathsOf(samples);
}

/** The paths of `files`, such as those of texts, or their rows. */
function pathsOf({ files }: Samples): NameOf | undefined {
  const paths = files as readonly { readonly path: string }[] | undefined;
  return paths && ((index) => paths[index]!.path);
}
