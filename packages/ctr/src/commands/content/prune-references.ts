import type {Info} from '@longshore/api/gen/containerd/services/content/v1/content';
import {acquireLease} from '@longshore/containerd-client';
import {bool, type Leaf} from '../../command/command.ts';

const prefix = 'containerd.io/gc.ref.content.';

const leaf: Leaf = {
  usage: '[flags]',
  description:
    'Removes the labels that keep layers once they are unpacked: an image runs without, but cannot be pushed.',
  flags: [
    bool('async', 'Allow garbage collection to cleanup asynchronously'),
    bool('dry', 'Just show updates without applying (enables debug logging)'),
  ],
  async run({ctx, client, flags, print}) {
    const dry = flags.bool('dry');
    const found: Info[] = [];
    for await (const {info} of client.content.list(ctx, {filters: []})) found.push(...info);
    for (const {digest, labels} of found) {
      const names = Object.keys(labels).filter(isLayerLabel);
      for (const name of names) if (dry) print(`${digest} ${name}=${labels[name]}\n`);
      if (dry || names.length === 0) continue;
      const info = {digest, labels: Object.fromEntries(names.map(name => [name, '']))};
      await client.content.update(ctx, {info, updateMask: names.map(name => `labels.${name}`)});
    }
    if (dry || flags.bool('async')) return;
    // The end of a lease can be waited for with the collection that it starts.
    const {id} = await acquireLease(ctx, client);
    await client.leases.delete(ctx, {id, sync: true});
  },
};
export default leaf;

/** `….l.N`, and `….N` of old clients, which numbered the configuration 0. */
function isLayerLabel(name: string): boolean {
  return name.startsWith(prefix) && /^(l\.\d+|[1-9]\d*)$/.test(name.slice(prefix.length));
}
