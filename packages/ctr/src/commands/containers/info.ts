import type {Container} from '@longshore/api/gen/containerd/services/containers/v1/containers';
import {type Any, unpackJson} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {indentedJson, sortedMap, timeText} from '../../format/table.ts';

const leaf: Leaf = {
  usage: 'CONTAINER',
  flags: [bool('spec', 'Only display the spec')],
  async run({ctx, client, flags, args, print}) {
    const id = requireArgument(args, 0, 'container id must be provided: invalid argument');
    const {container} = await client.containers.get(ctx, {id});
    if (container) print(indentedJson(flags.bool('spec') ? unpackJson(container.spec) : shown(container)));
  },
};
export default leaf;

/** The record under the names that the original prints. */
function shown(container: Container): object {
  const {runtime} = container;
  const options = runtime?.options;
  return {
    ID: container.id,
    Labels: sortedMap(container.labels),
    Image: container.image,
    Runtime: {
      Name: runtime?.name ?? '',
      Options: options ? shownAny(options) : null,
    },
    SnapshotKey: container.snapshotKey,
    Snapshotter: container.snapshotter,
    CreatedAt: timeText(container.createdAt),
    UpdatedAt: timeText(container.updatedAt),
    Extensions: Object.fromEntries(Object.entries(container.extensions).map(([key, any]) => [key, shownAny(any)])),
    SandboxID: container.sandbox,
    Spec: unpackJson(container.spec),
  };
}

function shownAny({typeUrl, value}: Any): object {
  return {type_url: typeUrl, ...(value.length > 0 ? {value: Buffer.from(value).toString('base64')} : {})};
}
