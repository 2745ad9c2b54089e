import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {parseLabels} from '../../command/flag-values.ts';
import {labelText} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags] <image> [<key>=<value>, ...]',
  description: 'Labels with an empty value are removed.',
  flags: [bool('replace-all', 'Replace all labels', 'r')],
  async run({ctx, client, flags, args, print}) {
    const name = requireArgument(args, 0, 'please specify an image');
    const labels = parseLabels(args.slice(1));
    const {image} = await client.images.get(ctx, {name});
    const updateMask = flags.bool('replace-all') ? ['labels'] : Object.keys(labels).map(key => `labels.${key}`);
    const updated = await client.images.update(ctx, {image: {...image, name, labels}, updateMask});
    print(`${labelText(updated.image?.labels ?? {})}\n`);
  },
};
export default leaf;
