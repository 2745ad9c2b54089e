import {getImage, readImage} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {bool, type Invocation, type Leaf, text} from '../command/command.ts';
import {requireArgument} from '../command/dispatch.ts';
import {installLayers} from '../install-package.ts';

const leaf: Leaf = {
  usage: '<ref>',
  description: 'Installs the programs of an image that is in containerd already: the files of its bin directory.',
  flags: [
    bool('libs', 'Install libs from the image', 'l'),
    bool('replace', 'Replace any binaries or libs in the opt directory', 'r'),
    text('path', 'Set an optional install path other than the managed opt directory'),
  ],
  async run(invocation) {
    const {ctx, client, flags, args} = invocation;
    const name = requireArgument(args, 0, 'an image reference must be provided');
    const path = flags.text('path') || (await optDirectory(invocation));
    const {target} = await getImage(ctx, client, name);
    const {manifestJson} = await readImage(ctx, client, target);
    const options = {path, libs: flags.bool('libs'), replace: flags.bool('replace')};
    await installLayers(ctx, client, manifestJson.layers, options);
  },
};
export default leaf;

/** Where containerd's `opt` plugin keeps such programs. */
async function optDirectory({ctx, client}: Invocation): Promise<string> {
  const {plugins} = await client.introspection.plugins(ctx, {filters: ['type==io.containerd.internal.v1,id==opt']});
  const path = plugins[0]?.exports.path;
  if (path) return path;
  throw new EngineError('failed-precondition', 'this containerd has no opt directory: give a directory with --path');
}
