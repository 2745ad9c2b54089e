/** Draws the progress of a transfer: again and again on a terminal, the last state elsewhere. */
import type {WriteStream} from 'node:tty';
import type {Progress} from '@longshore/api/gen/containerd/types/transfer/progress';
import {ProgressTree} from './progress-tree.ts';

/** Milliseconds between two drawings: more often is flicker. */
const interval = 100;
const tabWidth = 8;

export interface ProgressDisplay {
  show(step: Progress): void;
  /** Draws the last state; also after a failure, which is then printed below it. */
  finish(): void;
}

export function progressDisplay(out: WriteStream): ProgressDisplay {
  const tree = new ProgressTree(performance.now());
  let drawn = 0;
  let last = 0;
  const draw = () => {
    const width = (out.columns || 80) - 1;
    const back = drawn > 0 ? `\x1b[${drawn}A` : '';
    // Rows that no longer fit on the screen cannot be drawn over: the newest are shown.
    const lines = tree.lines(performance.now()).slice(-Math.max(2, (out.rows || 25) - 1));
    out.write(back + lines.map(line => `\x1b[2K${clip(line, width)}\n`).join(''));
    drawn = lines.length;
    last = performance.now();
  };
  return {
    show: step => {
      if (tree.add(step) && out.isTTY && performance.now() - last > interval) draw();
    },
    finish: () => {
      if (tree.isEmpty) return;
      if (out.isTTY) draw();
      else
        out.write(
          tree
            .lines(performance.now())
            .map(line => `${line}\n`)
            .join(''),
        );
    },
  };
}

function clip(line: string, width: number): string {
  let text = '';
  for (const [index, part] of line.split('\t').entries()) {
    if (index > 0) text = text.padEnd(Math.ceil((text.length + 1) / tabWidth) * tabWidth);
    text += part;
  }
  return text.slice(0, width);
}
