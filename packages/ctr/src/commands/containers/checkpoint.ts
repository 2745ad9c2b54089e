import {createImage, withLease} from '@longshore/containerd-client';
import {checkpointAnnotations, checkpointTypes, storeIndex} from '../../checkpoint/index-document.ts';
import {
  checkpointOptions,
  saveAny,
  saveChanges,
  saveImage,
  saveRuntimeOptions,
  saveTask,
  whilePaused,
} from '../../checkpoint/save.ts';
import {bool, type Invocation, type Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: 'CONTAINER REF',
  description: 'Saves what it takes to make the container again as the image REF.',
  flags: [
    bool('rw', 'Include the rw layer in the checkpoint'),
    bool('image', 'Include the image in the checkpoint'),
    bool('task', 'Checkpoint container task'),
  ],
  async run(invocation) {
    const {ctx, client, args} = invocation;
    const id = requireArgument(args, 0, 'container id must be provided');
    const name = requireArgument(args, 1, 'ref must be provided');
    await withLease(ctx, client, leased =>
      whilePaused(leased, client, id, async () => {
        const target = await save({...invocation, ctx: leased}, id);
        await createImage(leased, client, {name, target});
      }),
    );
  },
};
export default leaf;

async function save({ctx, client, flags}: Invocation, id: string) {
  const {container} = await client.containers.get(ctx, {id});
  if (!container) throw new Error('containerd answered without a container');
  const {image, snapshotter, runtime, spec} = container;
  const parts = [];
  if (runtime?.options?.value.length) parts.push(await saveRuntimeOptions(ctx, client, runtime.options));
  if (flags.bool('image')) parts.push(await saveImage(ctx, client, image));
  if (flags.bool('rw')) parts.push(await saveChanges(ctx, client, container));
  if (flags.bool('task')) {
    const options = checkpointOptions({});
    parts.push(...(await saveTask(ctx, client, id, options)));
    parts.push(await saveAny(ctx, client, checkpointTypes.options, options));
  } else if (spec) {
    // A task's checkpoint has the specification, and nothing can be restored without it.
    parts.push(await saveAny(ctx, client, checkpointTypes.config, spec));
  }
  return storeIndex(ctx, client, parts, {
    [checkpointAnnotations.image]: image,
    [checkpointAnnotations.runtime]: runtime?.name ?? '',
    [checkpointAnnotations.snapshotter]: snapshotter,
  });
}
