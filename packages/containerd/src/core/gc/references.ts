/** What the labels of an object say about others, for the collector. */
import type {Labels} from '../names.ts';
import {parseTime, type Timestamp} from '../time.ts';

/** `snapshot/<snapshotter>` for snapshots; the flat kinds are kept themselves but do not keep what they refer to. */
export interface Node {
  readonly namespace: string;
  readonly type: string;
  readonly key: string;
}

const prefix = 'containerd.io/gc.';
export const rootLabel = `${prefix}root`;
export const expireLabel = `${prefix}expire`;
export const flatLabel = `${prefix}flat`;

/** Objects that live as long as the labelled one: `gc.ref.content[.x]`, `gc.ref.snapshot.<name>[/x]`, `gc.ref.image`. */
export function labelReferences(namespace: string, labels: Labels): Node[] {
  return referencesWith(`${prefix}ref.`, namespace, labels);
}

/** Objects that keep the labelled one alive: the same with `gc.bref.`. */
export function backReferences(namespace: string, labels: Labels): Node[] {
  return referencesWith(`${prefix}bref.`, namespace, labels);
}

/** Undefined when there is no such label, or when it is not a time: then it never expires. */
export function expiryOf(labels: Labels): Timestamp | undefined {
  const text = labels[expireLabel];
  return text === undefined ? undefined : parseTime(text);
}

function referencesWith(start: string, namespace: string, labels: Labels): Node[] {
  const nodes: Node[] = [];
  for (const [label, key] of Object.entries(labels)) {
    if (!label.startsWith(start)) continue;
    for (const type of typesOf(label.slice(start.length))) nodes.push({namespace, type, key});
  }
  return nodes;
}

/** `content`, `content.l.0`, `content/x`, `snapshot.overlayfs`, `snapshot.overlayfs/x`, `image`. */
function typesOf(name: string): string[] {
  const match = /^(content|image|snapshot|container)(?:[./](.*))?$/s.exec(name);
  if (!match) return [];
  if (match[1] !== 'snapshot') return [match[1] as string];
  const snapshotter = (match[2] ?? '').split('/', 1)[0] as string;
  if (snapshotter === '') return [];
  // A dot may begin a suffix or belong to the name: a reference to what does not exist keeps nothing.
  const short = snapshotter.split('.', 1)[0] as string;
  return [...new Set([snapshotter, short])].map(one => `snapshot/${one}`);
}
