/** Runs that are read event by event, or waited for. */
import { LanewiseError } from '../errors.js';

/** Events of a run; awaited instead, all of it happens, and the result comes. */
export interface Awaitable<Event, Result>
  extends AsyncGenerator<Event, Result, void>, PromiseLike<Result> {}

/** The generator with `then`: awaiting reads what is left of it, once. */
export function awaitable<Event, Result>(
  events: AsyncGenerator<Event, Result, void>,
): Awaitable<Event, Result> {
  let result: { readonly value: Result } | undefined;
  let whole: Promise<Result> | undefined;
  const step = events.next.bind(events);
  const next = async (): Promise<IteratorResult<Event, Result>> => {
    const found = await step();
    // After its end a generator answers with undefined.
    if (found.done && found.value !== undefined) result ??= { value: found.value };
    return found;
  };
  const rest = async (): Promise<Result> => {
    let found = await next();
    while (!found.done) found = await next();
    if (result) return result.value;
    throw new LanewiseError(
      'argument',
      'fit: the run was left before its end, and has no result',
      'with a folder it goes on by resume: true',
    );
  };
  const then: PromiseLike<Result>['then'] = (onResult, onError) =>
    (whole ??= rest()).then(onResult, onError);
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise of the run's result.
  return Object.assign(events, { next, then });
}
