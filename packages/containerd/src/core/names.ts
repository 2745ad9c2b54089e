/** The rules for identifiers and labels that all services share. */
import {EngineError} from '@longshore/errdefs';

export type Labels = {readonly [key: string]: string};

const identifier = '^[A-Za-z0-9]+(?:[-._](?:[A-Za-z0-9]+))*$';
const identifierPattern = new RegExp(identifier);
const maxIdentifierLength = 76;
const maxLabelLength = 4096;

/** Text in double quotes with escapes, as Go's %q prints it in all of containerd's messages. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Namespaces, container ids, exec ids, lease ids and the parts of event topics. Throws invalid-argument. */
export function checkIdentifier(id: string): void {
  if (id === '') throw new EngineError('invalid-argument', 'identifier must not be empty: invalid argument');
  if (id.length > maxIdentifierLength) {
    const limit = `(${maxIdentifierLength} characters)`;
    throw new EngineError(
      'invalid-argument',
      `identifier ${quote(id)} greater than maximum length ${limit}: invalid argument`,
    );
  }
  if (!identifierPattern.test(id)) {
    throw new EngineError(
      'invalid-argument',
      `identifier ${quote(id)} must match pattern ${quote(identifier)}: invalid argument`,
    );
  }
}

/** A label's key and value together have at most 4096 bytes. Throws invalid-argument. */
export function checkLabels(labels: Labels): void {
  for (const [key, value] of Object.entries(labels)) {
    const length = Buffer.byteLength(key) + Buffer.byteLength(value);
    if (length <= maxLabelLength) continue;
    const shown = key.slice(0, 64);
    throw new EngineError(
      'invalid-argument',
      `label key and value length (${length} bytes) greater than maximum size (${maxLabelLength} bytes), key: ${shown}: invalid argument`,
    );
  }
}

/** Digests of blobs: only sha256 is stored. Throws invalid-argument. */
export function checkDigest(digest: string): void {
  if (/^sha256:[0-9a-f]{64}$/.test(digest)) return;
  const reason = /^sha(384|512):[0-9a-f]+$/.test(digest)
    ? 'unsupported digest algorithm'
    : 'invalid checksum digest format';
  throw new EngineError('invalid-argument', `${quote(digest)}: ${reason}: invalid argument`);
}
