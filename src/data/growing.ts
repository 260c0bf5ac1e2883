/** Arrays that grow by one value at a time. */

type Array = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface Growing<A extends Array> {
  push(value: number): void;
  all(): A;
}

/** An array that doubles when it is full. */
export function growing<A extends Array>(type: new (length: number) => A): Growing<A> {
  let values = new type(16);
  let length = 0;
  return {
    push(value) {
      if (length === values.length) {
        const larger = new type(2 * length);
        larger.set(values);
        values = larger;
      }
      values[length++] = value;
    },
    all: () => values.slice(0, length) as A,
  };
}
