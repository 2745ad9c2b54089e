/** `format/` mounts: values of earlier mounts in the places of `{{ mount 0 }}` and the like. */
import {EngineError} from '@longshore/errdefs';
import {quote} from '../names.ts';
import type {Mount} from '../snapshots/snapshotter.ts';
import type {ActiveMount} from './activation.ts';
import {loopType} from './mount-type.ts';

/** `{{- x -}}` trims the space around it, as in Go. */
const action = /(?:\{\{|\s*\{\{-(?=\s))\s*([^{}]*?)\s*(?:(?<=\s)-\}\}\s*|\}\})/g;

/** Fills in source, target and options. Throws invalid-argument for what is no value of an earlier mount. */
export function fillTemplates(mount: Mount, active: readonly ActiveMount[]): Mount {
  const fill = (text: string) => text.replace(action, (_all, expression: string) => valueFor(expression, active));
  return {
    ...mount,
    ...{source: fill(mount.source), target: fill(mount.target), options: mount.options.map(fill)},
  };
}

function valueFor(expression: string, active: readonly ActiveMount[]): string {
  const [name = '', ...numbers] = expression.split(/\s+/);
  const indexes = numbers.map(Number);
  if (indexes.some(index => !Number.isInteger(index) || index < 0) || indexes.length !== (name === 'overlay' ? 2 : 1)) {
    throw invalid(expression, 'it is none of source, target, mount (each with an index) and overlay (with two)');
  }
  const [first = 0, last = first] = indexes;
  const at = (index: number): ActiveMount => {
    const found = active[index];
    if (!found) throw invalid(expression, `there are ${active.length} active mounts before it`);
    return found;
  };
  if (name === 'source') return sourceOf(at(first));
  if (name === 'target') return at(first).mount.target;
  if (name === 'mount') return at(first).mountPoint;
  if (name !== 'overlay') throw invalid(expression, 'no such value');
  at(Math.max(first, last));
  const step = first <= last ? 1 : -1;
  const count = Math.abs(last - first) + 1;
  return Array.from({length: count}, (_, i) => at(first + i * step).mountPoint).join(':');
}

/** What can be mounted: of a loop device that is the device, not its file. */
function sourceOf({mount, mountPoint}: ActiveMount): string {
  return mount.type === loopType ? mountPoint : mount.source;
}

function invalid(expression: string, reason: string): EngineError {
  return new EngineError('invalid-argument', `mount template ${quote(expression)}: ${reason}: invalid argument`);
}
