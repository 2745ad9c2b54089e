import {ProcessDetails} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {unpackAny} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {table, wide} from '../../format/table.ts';

const leaf: Leaf = {
  usage: 'CONTAINER',
  flags: [],
  async run({ctx, client, args, print}) {
    const id = requireArgument(args, 0, 'container id must be provided');
    await client.containers.get(ctx, {id});
    const {processes} = await client.tasks.listPids(ctx, {containerId: id});
    const rows = processes.map(({pid, info}) => {
      const details = info ? unpackAny(info, protobufTypeUrl.runcProcessDetails, ProcessDetails) : undefined;
      return [String(pid), details ? `ExecID:${details.execId}` : '-'];
    });
    print(table([['PID', 'INFO'], ...rows], wide).replaceAll(/ +$/gm, ''));
  },
};
export default leaf;
