/** The snapshotter of containerd that a storage driver stands for. */
import type {CallContext, Logger} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {snapshotterOf} from '../../config/storage-driver.ts';

const pluginType = 'io.containerd.snapshotter.v1';

/**
 * `driver` is the value of `--storage-driver`; without one it is overlayfs, or native where no overlay can be mounted
 * (an engine in a container whose data root is on an overlay). Throws failed-precondition, with the reason of
 * containerd, for a driver that does not work here.
 */
export async function chooseSnapshotter(
  ctx: CallContext,
  client: ContainerdClient,
  driver: string,
  log: Logger,
): Promise<string> {
  const wanted = snapshotterOf(driver);
  const {plugins} = await client.introspection.plugins(ctx, {filters: [`type==${pluginType}`]});
  const problem = (name: string) => {
    const plugin = plugins.find(({id}) => id === name);
    return plugin ? plugin.initErr?.message : `containerd has no snapshotter "${name}"`;
  };
  const reason = problem(wanted);
  if (reason === undefined) return wanted;
  if (driver === '' && problem('native') === undefined) {
    log.warn({reason}, 'overlayfs does not work here: images are unpacked as copies (storage driver vfs)');
    return 'native';
  }
  const known = plugins.filter(({initErr}) => !initErr).map(({id}) => id);
  const help = `known here: ${known.join(', ')}`;
  throw new EngineError(
    'failed-precondition',
    `storage driver "${driver || wanted}" cannot be used: ${reason} (${help})`,
  );
}
