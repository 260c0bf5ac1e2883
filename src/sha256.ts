/** SHA-256 by the platform (web-standard crypto). */

/** Of some bytes, in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // No view of shared memory is taken by `digest`, and none is given here.
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
