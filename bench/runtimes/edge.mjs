// Lanewise in workerd. Its clock stands still within a request but for input and output, so the driver times two requests.
import * as lanewise from 'lanewise';
import strict from 'strict.wasm';
import fused from 'fused.wasm';

export default {
  async fetch(request) {
    const { numerics, threads } = await lanewise.init({ module: [strict, fused] });
    const epochs = Number(new URL(request.url).searchParams.get('epochs'));
    const { digits, lenet5, momentum, train } = lanewise;
    const data = digits({ count: 3840 });
    await train(lenet5(), { data, optimizer: momentum({ lr: 0.01 }), batch: 64, epochs });
    return Response.json({ numerics, threads, images: 3840 * epochs });
  },
};
