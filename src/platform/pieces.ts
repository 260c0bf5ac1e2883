/** Iteration over the pieces of a web stream, which not every browser supports (Safari, Chrome before 124). */
export async function* piecesOf<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // After a failure, cancelling fails as well.
    await reader.cancel().catch(() => {});
  }
}
