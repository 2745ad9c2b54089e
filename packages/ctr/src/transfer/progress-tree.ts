/** Progress of a transfer as ctr shows it: a tree of what is moved, and a line about the whole. */
import type {Progress} from '@longshore/api/gen/containerd/types/transfer/progress';
import {sizeText} from '../format/size.ts';

type Node = {step: Progress; children: Set<string>; isRoot: boolean};

const barWidth = 40;
const nameWidth = 40;

export class ProgressTree {
  readonly #nodes = new Map<string, Node>();
  readonly #start: number;
  #status = '';
  /** What was last said about the whole before the last named step: the original draws with named steps only. */
  #drawnStatus = '';

  /** Milliseconds as of `performance.now()`. */
  constructor(start: number) {
    this.#start = start;
  }

  /** Takes a step in. Returns false for one that is about the whole only, for which nothing is drawn. */
  add(step: Progress): boolean {
    if (step.name === '') {
      this.#status = step.event;
      return false;
    }
    const parents = step.parents.filter(name => name !== step.name && this.#nodes.has(name));
    for (const parent of parents) this.#nodes.get(parent)?.children.add(step.name);
    const known = this.#nodes.get(step.name);
    const isRoot = known ? known.isRoot && parents.length === 0 : parents.length === 0;
    this.#drawnStatus = this.#status;
    this.#nodes.set(step.name, {step, children: known?.children ?? new Set(), isRoot});
    return true;
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** Lines of the present state. */
  lines(now: number): string[] {
    const roots = [...this.#nodes].filter(([, node]) => node.isRoot).map(([name]) => name);
    const seen = new Set<string>();
    const lines = roots.flatMap(root => this.#rows(root, '', '', seen));
    for (const root of roots) {
      const target = this.#descriptorOf(root, new Set());
      if (target) lines.push(`${target.mediaType} ${target.digest}`);
    }
    const seconds = Math.max(0.001, (now - this.#start) / 1000);
    const total = [...this.#nodes.values()].reduce((sum, {step}) => sum + Number(step.progress), 0);
    const elapsed = seconds.toFixed(1).padEnd(4);
    const [size, speed] = [sizeText(total).padStart(7), sizeText(total / seconds)];
    return [...lines, `${this.#drawnStatus}\telapsed: ${elapsed}s\ttotal: ${size}\t(${speed}/s)\t`];
  }

  #rows(name: string, prefix: string, childPrefix: string, seen: Set<string>): string[] {
    const node = this.#nodes.get(name);
    if (!node || seen.has(name)) return [];
    seen.add(name);
    const children = [...node.children];
    const rows = children.flatMap((child, index) => {
      const isLast = index === children.length - 1;
      const [own, below] = isLast ? ['└──', '   '] : ['├──', '│  '];
      return this.#rows(child, childPrefix + own, childPrefix + below, seen);
    });
    return [row(prefix + shortName(name), node.step), ...rows];
  }

  #descriptorOf(name: string, seen: Set<string>): Progress['desc'] {
    const node = this.#nodes.get(name);
    if (!node || seen.has(name)) return undefined;
    seen.add(name);
    if (node.step.desc) return node.step.desc;
    for (const child of node.children) {
      const found = this.#descriptorOf(child, seen);
      if (found) return found;
    }
    return undefined;
  }
}

function row(name: string, {event, progress, total}: Progress): string {
  const label = [...name].slice(0, nameWidth).join('').padEnd(nameWidth);
  const step = event.padEnd(11);
  if (['downloading', 'uploading', 'extracting'].includes(event)) {
    const part = total > 0n ? Number(progress) / Number(total) : 0;
    const sizes = `${sizeText(Number(progress)).padStart(8)}/${sizeText(Number(total))}`;
    return `${label}\t${step}\t${bar(part)}\t${sizes}\t`;
  }
  if (event === 'waiting' || event === 'resolving') return `${label}\t${step}\t${bar(0)}\t`;
  if (event === 'complete' || event === 'extracted') return `${label}\t${step}\t${bar(1)}\t`;
  return `${label}\t${event}\t`;
}

function bar(part: number): string {
  const inside = barWidth - 2;
  const filled = Math.round(Math.min(1, part) * inside);
  return `|${'+'.repeat(filled)}${'-'.repeat(inside - filled)}|`;
}

/** `layer-sha256:0123…` is `layer (0123456789ab)`. */
function shortName(name: string): string {
  const parts = name.split('-').map(part => (/^sha256:[0-9a-f]{64}$/.test(part) ? `(${part.slice(7, 19)})` : part));
  return parts.join(' ');
}
