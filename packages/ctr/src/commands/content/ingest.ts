import {ingest} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {list, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[flags] <key>',
  flags: [
    {name: 'expected-size', type: 'integer', usage: 'Validate against provided size'},
    text('expected-digest', 'Verify content against expected digest'),
    list('label', 'Labels of the new content'),
  ],
  async run({ctx, client, flags, args}) {
    const ref = requireArgument(args, 0, 'must specify a transaction reference');
    const size = flags.number('expected-size');
    const digest = flags.text('expected-digest') || undefined;
    const source = async function* (offset: number) {
      let passed = 0;
      for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
        // A resumed ingest has the first bytes already; standard input starts from its beginning all the same.
        const skip = Math.max(0, Math.min(chunk.length, offset - passed));
        passed += chunk.length;
        if (skip < chunk.length) yield chunk.subarray(skip);
      }
    };
    await ingest(ctx, client, ref, source, {
      ...(digest ? {digest} : {}),
      ...(size > 0 ? {size} : {}),
      labels: flags.labels('label'),
    });
  },
};
export default leaf;
