import type {Container} from '@longshore/api/gen/containerd/services/containers/v1/containers';
import {createImage, withLease} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {storeIndex} from '../../checkpoint/index-document.ts';
import {checkpointOptions, saveChanges, saveImage, saveTask, whilePaused} from '../../checkpoint/save.ts';
import {bool, type Invocation, type Leaf, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[flags] CONTAINER',
  description: 'Prints the name of the image that the checkpoint is; nothing with --image-path.',
  flags: [
    bool('exit', 'Stop the container after the checkpoint'),
    text('image-path', 'Path to criu image files'),
    text('work-path', 'Path to criu work files and logs'),
  ],
  async run(invocation) {
    const {ctx, client, flags, args, print} = invocation;
    const id = requireArgument(args, 0, 'container id must be provided');
    const {container} = await client.containers.get(ctx, {id});
    await client.tasks.get(ctx, {containerId: id});
    const name = `containerd.io/checkpoint/${id}:${timestamp(new Date())}`;
    await withLease(ctx, client, leased =>
      whilePaused(leased, client, id, () => save({...invocation, ctx: leased}, container, name)),
    );
    if (flags.text('image-path') === '') print(`${name}\n`);
  },
};
export default leaf;

async function save({ctx, client, flags}: Invocation, container: Container | undefined, name: string): Promise<void> {
  if (!container) throw new EngineError('not-found', 'the task has no container');
  const imagePath = flags.text('image-path');
  const options = checkpointOptions({exit: flags.bool('exit'), imagePath, workPath: flags.text('work-path')});
  const parts = await saveTask(ctx, client, container.id, options);
  if (imagePath !== '') return; // CRIU's files are there, and nothing in the content store
  const annotations: Record<string, string> = {};
  if (container.image) {
    parts.push(await saveImage(ctx, client, container.image));
    annotations['image.name'] = container.image;
  }
  if (container.snapshotKey) parts.push(await saveChanges(ctx, client, container));
  const target = await storeIndex(ctx, client, parts, annotations);
  await createImage(ctx, client, {name, target, labels: {'containerd.io/checkpoint': 'true'}});
}

/** `11-21-2026-07:41:23`, as the original writes it. */
function timestamp(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [two(date.getMonth() + 1), two(date.getDate()), String(date.getFullYear())];
  const time = [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())];
  return `${day.join('-')}-${time.join(':')}`;
}
