// Makes a Wasm build smaller: asc's passes (asconfig.json) leave values in locals that are read once, since
// the pass that takes them out of there also moves instructions, and in the innermost loops of products their
// order is chosen (assembly/tile2x16.ts). So that pass runs here, on all functions
// except those and others measured to need their order.
import binaryen from 'binaryen';
import { orderFunctions } from './function-order.mjs';

/** Functions, most of them by file, that keep the order in which they were written: tanh would take 15 % longer. */
const ORDERED =
  /^assembly\/(tile[^/]*|conv2d-direct|activation\/(activation|finish\w+)|unary\/smooth\w*|upsample\/upsampleBilinear)(\/|$)/;

const PASSES = [
  'simplify-locals',
  'vacuum',
  'rse',
  'coalesce-locals',
  'simplify-locals',
  'vacuum',
  'rse',
  'coalesce-locals',
  'simplify-locals',
  'reorder-locals',
  'vacuum',
];

/** Takes the build with names of functions, and returns the smaller one without. */
export function shrink(bytes) {
  const module = binaryen.readBinary(bytes);
  try {
    binaryen.setDebugInfo(false);
    let imports = 0;
    for (let i = 0; i < module.getNumFunctions(); i++) {
      const { name, base } = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
      // Code without effect that asc leaves behind is removed from all functions: engines make the same machine code
      // without it.
      if (base) imports++;
      else module.runPassesOnFunction(name, ORDERED.test(name) ? ['rse', 'vacuum'] : PASSES);
    }
    return orderFunctions(module.emitBinary(), imports);
  } finally {
    module.dispose();
  }
}
