/** Bytes in base 64. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  // A call takes a bounded number of arguments.
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
}
