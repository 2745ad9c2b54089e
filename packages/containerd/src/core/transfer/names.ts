/** Which names images get in the store. */
import {EngineError} from '@longshore/errdefs';
import type {ImageReference, StoreEndpoint} from './endpoints.ts';

/** Names for an image that was pulled or tagged, or for the index of an archive. Prefixes are for images with names. */
export function storeNames({name, extraReferences}: StoreEndpoint, digest: string): string[] {
  const names = name === '' ? [] : [name];
  for (const {name: extra, isPrefix, addDigest} of extraReferences) {
    if (!isPrefix) names.push(addDigest ? `${extra}@${digest}` : extra);
  }
  return names;
}

/** As `storeNames`. Throws not-found when there is none. */
export function requiredNames(store: StoreEndpoint, digest: string): string[] {
  const names = storeNames(store, digest);
  if (names.length > 0) return names;
  throw new EngineError('not-found', 'no image name found: not found');
}

/** Names of images to read. Throws unimplemented for prefixes, as the original does. */
export function lookupNames({name, extraReferences}: StoreEndpoint): string[] {
  if (extraReferences.some(({isPrefix}) => isPrefix)) {
    throw new EngineError('unimplemented', 'prefix lookup on export not implemented: not implemented');
  }
  return [...(name === '' ? [] : [name]), ...extraReferences.map(({name: extra}) => extra)];
}

/** Names for an image of an archive, which calls it `given`: a full name, a tag, or nothing. */
export function importedNames({extraReferences}: StoreEndpoint, given: string | undefined, digest: string): string[] {
  const names = new Set<string>();
  for (const reference of extraReferences.filter(({isPrefix}) => isPrefix)) {
    const name = given === undefined ? undefined : withPrefix(reference, given);
    if (name !== undefined) names.add(name);
    const isDigestWanted = reference.addDigest && (name === undefined || !reference.skipNamedDigest);
    if (isDigestWanted) names.add(`${reference.name}@${digest}`);
  }
  return [...names];
}

/** A bare tag comes behind the prefix; a full name stays, if it may. */
function withPrefix({name: prefix, allowOverwrite}: ImageReference, given: string): string | undefined {
  if (!/[/:@]/.test(given)) return `${prefix}:${given}`;
  return allowOverwrite || isBelow(prefix, given) ? given : undefined;
}

function isBelow(prefix: string, name: string): boolean {
  if (!name.startsWith(prefix)) return false;
  const next = name[prefix.length];
  return next === undefined || /[/:@]/.test(next) || /[/:@]$/.test(prefix);
}
