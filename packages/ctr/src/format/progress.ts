/** Progress of a pull or push: bars that are redrawn on a terminal, one line per step elsewhere. */
import type {WriteStream} from 'node:tty';
import type {ImageProgress} from '@longshore/containerd-client';
import {sizeText} from './size.ts';

export interface ProgressPrinter {
  show(event: ImageProgress): void;
  /** Draws the last state; call it once, after success. */
  finish(): void;
}

/** Milliseconds between two drawings: more often is flicker. */
const interval = 100;

export function progressPrinter(out: WriteStream): ProgressPrinter {
  const rows = new Map<string, string>();
  let drawn = 0;
  let last = 0;
  const draw = () => {
    const width = (out.columns ?? 80) - 1;
    if (drawn > 0) out.write(`\x1b[${drawn}A`);
    for (const row of rows.values()) out.write(`\x1b[2K${row.slice(0, width)}\n`);
    drawn = rows.size;
    last = Date.now();
  };
  return {
    show: event => {
      const line = describe(event);
      if (!line) return;
      const changed = rows.get(line.key)?.startsWith(line.step) !== true;
      rows.set(line.key, `${line.step} ${line.detail}`);
      if (!out.isTTY) {
        if (changed) out.write(`${line.step} ${line.key}\n`);
      } else if (changed || Date.now() - last > interval) draw();
    },
    finish: () => {
      if (out.isTTY) draw();
    },
  };
}

type Line = {key: string; step: string; detail: string};

function describe(event: ImageProgress): Line | undefined {
  if (event.type === 'resolved') return {key: event.reference, step: 'resolved'.padEnd(12), detail: event.reference};
  if (event.type === 'blob') {
    const {descriptor, action, current, total} = event;
    const detail = `${descriptor.digest.slice(0, 19)} ${bar(current, total)} ${sizeText(current)}/${sizeText(total)}`;
    return {key: descriptor.digest, step: action.padEnd(12), detail};
  }
  if (event.type === 'layer') {
    return {
      key: `layer ${event.descriptor.digest}`,
      step: event.action.padEnd(12),
      detail: event.descriptor.digest.slice(0, 19),
    };
  }
  return undefined;
}

function bar(current: number, total: number): string {
  const filled = total > 0 ? Math.min(30, Math.round((current / total) * 30)) : 30;
  return `|${'+'.repeat(filled)}${'-'.repeat(30 - filled)}|`;
}
