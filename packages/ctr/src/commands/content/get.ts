import {readContent} from '@longshore/containerd-client';
import {write} from '@longshore/term';
import type {Leaf} from '../../command/command.ts';
import {digestArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[<digest>, ...]',
  flags: [],
  async run({ctx, client, args}) {
    const digest = digestArgument(args, 0);
    for await (const chunk of readContent(ctx, client, digest)) await write(process.stdout, chunk);
  },
};
export default leaf;
