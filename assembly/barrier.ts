/**
 * The meeting point of the workers between the phases of a step. Words at `b`: arrived, generation,
 * abort. Whoever arrives last opens the next generation; the others spin a while, then park, and look
 * up now and then whether the run was given up.
 */

/**
 * Returns 0 when all `workers` have arrived, 1 when the run was given up meanwhile.
 * `spins`: looks before parking; `timeout`: nanoseconds parked between two looks at `abort`.
 */
export function barrier(b: usize, workers: i32, spins: i32, timeout: f64): i32 {
  if (workers == 1) return <i32>(load<i32>(b, 8) != 0);
  if (ASC_FEATURE_THREADS) {
    const generation = atomic.load<i32>(b, 4);
    if (atomic.add<i32>(b, 1) == workers - 1) {
      atomic.store<i32>(b, 0);
      atomic.add<i32>(b, 1, 4);
      atomic.notify(b + 4, -1);
      return <i32>(atomic.load<i32>(b, 8) != 0);
    }
    for (let i = 0; i < spins; i++) {
      if (atomic.load<i32>(b, 4) != generation) return <i32>(atomic.load<i32>(b, 8) != 0);
    }
    while (atomic.load<i32>(b, 4) == generation) {
      if (atomic.load<i32>(b, 8) != 0) return 1;
      atomic.wait<i32>(b + 4, generation, <i64>timeout);
    }
    return <i32>(atomic.load<i32>(b, 8) != 0);
  }
  unreachable();
  return 1;
}
