// Lanewise in a page: measures and posts.
import { post } from './post.mjs';
import { throughput } from './throughput.mjs';

const parameters = new URLSearchParams(location.search);
await post(async () => {
  const lanewise = await import('/browser/index.js');
  return throughput(lanewise, Number(parameters.get('workers')), Number(parameters.get('seconds')));
});
