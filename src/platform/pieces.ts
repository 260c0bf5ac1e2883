/** The pieces of a web stream, as they come: not every browser can iterate one (Safari, Chrome before 124). */
export async function* piecesOf<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // After a failure it only fails again.
    await reader.cancel().catch(() => {});
  }
}
