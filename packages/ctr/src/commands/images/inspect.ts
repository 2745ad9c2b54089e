import {getImage, readImage} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {bool, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {platformOf} from '../../format/platforms.ts';
import {indentedJson} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '<image>',
  flags: [text('platform', 'Content of this platform'), bool('content', 'Show JSON content')],
  async run({ctx, client, flags, args, print}) {
    const name = requireArgument(args, 0, 'an image reference must be provided');
    const {target, labels, createdAt, updatedAt} = await getImage(ctx, client, name);
    const {manifest, manifestJson, config} = await readImage(ctx, client, target, platformOf(flags.text('platform')));
    const content = flags.bool('content') ? {content: {manifest: manifestJson, config}} : {};
    print(indentedJson({name, target, labels, createdAt, updatedAt, manifest, ...content}));
  },
};
export default leaf;
