/**
 * `bytes` (at most 65,536) random bytes in lower-case hex. Not by node:crypto, which costs every process that starts
 * 0.75 MB and 2 ms.
 */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
}

/**
 * A 64-digit id whose first 12 digits are not all decimal: a container's hostname is that short id, and resolvers
 * take an all-digit name for a number (Docker redraws for the same reason).
 */
export function randomId(): string {
  for (;;) {
    const id = randomHex(32);
    if (!/^\d{12}/.test(id)) return id;
  }
}

/** The 12 digits that people see. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
