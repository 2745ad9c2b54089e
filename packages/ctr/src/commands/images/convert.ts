import {getImage, putImage, withLease} from '@longshore/containerd-client';
import {defaultPlatform, parsePlatform} from '@longshore/oci';
import {bool, type Leaf, list} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {convertImage} from '../../convert-image.ts';

const leaf: Leaf = {
  usage: '[flags] <source_ref> <target_ref>',
  description:
    "Convert an image format.\n\ne.g., 'ctr convert --uncompress --oci example.com/foo:orig example.com/foo:converted'\n\n" +
    "Use '--platform' to define the output platform.\n" +
    "When '--all-platforms' is given all images in a manifest list must be available.",
  flags: [
    bool('uncompress', 'Convert tar.gz layers to uncompressed tar layers'),
    bool('oci', 'Convert Docker media types to OCI media types'),
    list('platform', 'Convert content from a specific platform'),
    bool('all-platforms', 'Convert content from all platforms'),
  ],
  async run({ctx, client, flags, args, print}) {
    const source = requireArgument(args, 0, 'src and target image need to be specified');
    const name = requireArgument(args, 1, 'src and target image need to be specified');
    const {target, labels} = await getImage(ctx, client, source);
    const words = flags.list('platform');
    const some = words.length > 0 ? words.map(parsePlatform) : [defaultPlatform()];
    const platforms = flags.bool('all-platforms') ? undefined : some;
    await withLease(ctx, client, async leased => {
      const conversion = {uncompress: flags.bool('uncompress'), oci: flags.bool('oci'), platforms};
      const converted = await convertImage(leased, client, target, conversion);
      await putImage(leased, client, {name, target: converted, labels});
      print(`${converted.digest}\n`);
    });
  },
};
export default leaf;
