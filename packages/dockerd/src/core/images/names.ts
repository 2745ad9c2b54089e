/** Names of images in containerd's store and as people see them. */
import {familiarName, familiarReference, parseReference, type Reference} from '@longshore/oci';
import type {ImageRecord} from './image-store.ts';

const danglingPrefix = 'moby-dangling@';

/** Name of the record that keeps an image without names; Docker's. */
export function danglingName(digest: string): string {
  return `${danglingPrefix}${digest}`;
}

export function isDangling(name: string): boolean {
  return name.startsWith(danglingPrefix);
}

/** Undefined for a dangling image, and for what other clients of containerd may have put into the namespace. */
export function referenceOf({name}: Pick<ImageRecord, 'name'>): Reference | undefined {
  if (isDangling(name)) return undefined;
  try {
    return parseReference(name);
  } catch {
    return undefined; // not a name that an image of Docker can have
  }
}

/** `busybox:latest`, each once, in order. */
export function repoTags(records: readonly ImageRecord[]): string[] {
  const tagged = records.flatMap(record => {
    const reference = referenceOf(record);
    if (!reference?.tag) return [];
    const {domain, path, tag} = reference;
    return [familiarReference({domain, path, tag})];
  });
  return [...new Set(tagged)].sort();
}

/** `busybox@sha256:…` for each repository, each once, in order. */
export function repoDigests(records: readonly ImageRecord[]): string[] {
  const names = records.flatMap(record => {
    const reference = referenceOf(record);
    return reference ? [`${familiarName(reference)}@${record.target.digest}`] : [];
  });
  return [...new Set(names)].sort();
}

/** The 12 digits that people see of `sha256:…`. */
export function shortDigest(digest: string): string {
  return digest.replace(/^[^:]*:/, '').slice(0, 12);
}
