import {deleteImage, listImages} from '@longshore/containerd-client';
import {bool, type Leaf} from '../../command/command.ts';

const leaf: Leaf = {
  usage: '[flags]',
  description: 'Removes images that no container was made from. Prints their names.',
  flags: [bool('all', 'Remove all unused images (if all is not specified no images will be pruned)')],
  async run({ctx, client, flags, print}) {
    if (!flags.bool('all')) return;
    const {containers} = await client.containers.list(ctx, {filters: []});
    const used = new Set(containers.map(({image}) => image));
    const unused = (await listImages(ctx, client)).filter(({name}) => !used.has(name));
    for (const [index, {name}] of unused.entries()) {
      // One collection at the end is enough for all of them.
      await deleteImage(ctx, client, name, {sync: index === unused.length - 1});
      print(`${name}\n`);
    }
  },
};
export default leaf;
