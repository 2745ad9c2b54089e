/**
 * Names of images as people write them (`busybox`, `ghcr.io/a/b:1@sha256:…`) and in full (`docker.io/library/busybox:latest`).
 * The rules and the error texts are Docker's.
 */
import {EngineError} from '@longshore/errdefs';
import {parseDigest} from './digest.ts';

/** A name in parts. `domain/path` is the repository; a tag, a digest, both or neither follow. */
export interface Reference {
  /** Registry host with its port: `docker.io`, `127.0.0.1:5000`. */
  domain: string;
  /** `library/busybox` */
  path: string;
  tag?: string;
  digest?: string;
}

const defaultDomain = 'docker.io';
const legacyDomain = 'index.docker.io';
const officialPrefix = 'library/';
const maxPathLength = 255;

const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = new RegExp(`^(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}$/;

/** Parses what a person wrote. Throws `invalid-argument`. Adds no tag; see `withDefaultTag`. */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const {domain, remainder} = splitDomain(text);
  const colon = remainder.indexOf(':');
  const remote = colon < 0 ? remainder : remainder.slice(0, colon);
  if (remote.toLowerCase() !== remote) {
    throw invalid(`invalid reference format: repository name (${remote}) must be lowercase`);
  }
  return parseParts(domain, remainder);
}

/** Parses a name that must be in full already, as containerd and archives keep it. */
export function parseFullReference(text: string): Reference {
  const reference = parseReference(text);
  if (!text.startsWith(`${reference.domain}/${reference.path}`)) throw invalid('repository name must be canonical');
  return reference;
}

/** The part before the first `/` is a host when it looks like one; Docker Hub's official images live in `library/`. */
function splitDomain(text: string): {domain: string; remainder: string} {
  const slash = text.indexOf('/');
  const first = text.slice(0, slash);
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  let domain = isHost ? first : defaultDomain;
  const remainder = isHost ? text.slice(slash + 1) : text;
  if (domain === legacyDomain) domain = defaultDomain;
  const isOfficial = domain === defaultDomain && !remainder.includes('/');
  return {domain, remainder: isOfficial ? officialPrefix + remainder : remainder};
}

function parseParts(domain: string, remainder: string): Reference {
  const at = remainder.indexOf('@');
  const named = at < 0 ? remainder : remainder.slice(0, at);
  const digest = at < 0 ? undefined : remainder.slice(at + 1);
  const colon = named.lastIndexOf(':');
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const path = colon < 0 ? named : named.slice(0, colon);
  const fits =
    domainPattern.test(domain) &&
    pathPattern.test(path) &&
    (tag === undefined || tagPattern.test(tag)) &&
    (digest === undefined || digestPattern.test(digest));
  if (!fits) throw invalid('invalid reference format');
  if (path.length > maxPathLength) {
    throw invalid(`repository name must not be more than ${maxPathLength} characters`);
  }
  if (digest !== undefined) parseDigest(digest);
  return {domain, path, ...(tag === undefined ? {} : {tag}), ...(digest === undefined ? {} : {digest})};
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}

/** Adds `latest` when there is neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? {...reference, tag: 'latest'} : reference;
}

/** Puts a tag in place of what was there. Throws `invalid-argument` (`invalid tag format`). */
export function withTag(reference: Reference, tag: string): Reference {
  if (!tagPattern.test(tag)) throw invalid('invalid tag format');
  return {domain: reference.domain, path: reference.path, tag};
}

/** Puts a digest in place of what was there. */
export function withDigest(reference: Reference, digest: string): Reference {
  parseDigest(digest);
  return {domain: reference.domain, path: reference.path, digest};
}

/** As containerd and Docker pull it: with both a tag and a digest, the digest alone counts. */
export function pullReference(text: string): Reference {
  const reference = withDefaultTag(parseReference(text));
  return reference.digest === undefined ? reference : withDigest(reference, reference.digest);
}

/** `docker.io/library/busybox:latest`: as containerd stores it. */
export function formatReference(reference: Reference): string {
  return repositoryName(reference) + suffixOf(reference);
}

/** `busybox:latest`: as people see it. */
export function familiarReference(reference: Reference): string {
  return familiarName(reference) + suffixOf(reference);
}

/** `docker.io/library/busybox` */
export function repositoryName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** `busybox` */
export function familiarName(reference: Reference): string {
  if (reference.domain !== defaultDomain) return repositoryName(reference);
  const {path} = reference;
  const rest = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : path;
  return rest.includes('/') ? path : rest;
}

function suffixOf(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return reference.digest === undefined ? tag : `${tag}@${reference.digest}`;
}

/** Host that answers for a domain: Docker Hub's is not its name. */
export function registryHost(domain: string): string {
  return domain === defaultDomain ? 'registry-1.docker.io' : domain;
}
