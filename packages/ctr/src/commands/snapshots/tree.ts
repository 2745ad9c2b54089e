import type {Leaf} from '../../command/command.ts';
import {snapshotterFlag} from '../../flags.ts';
import {listSnapshots} from '../../snapshots.ts';

const leaf: Leaf = {
  usage: '[flags]',
  flags: [snapshotterFlag],
  async run(invocation) {
    const all = await listSnapshots(invocation);
    const below = (parent: string, indent: string): string =>
      all
        .filter(s => s.parent === parent)
        .map(s => `${indent}${indent === '' ? ' ' : '\\_ '}${s.name}\n${below(s.name, `${indent}  `)}`)
        .join('');
    invocation.print(below('', ''));
  },
};
export default leaf;
