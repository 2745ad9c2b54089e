import type {ImageSummary} from '@longshore/api/engine';
import {encodeFilters} from '../../client/filters.ts';
import {filters, listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atMost} from '../../command/positional.ts';
import {imageRaw, imageRow, imageRows, imageTable, imageTableWithDigest} from '../../format/image-row.ts';
import {formatList, usesField} from '../../format/list.ts';

const flags = {
  all: flag.bool('Show all images (default hides intermediate images)', {char: 'a'}),
  digests: flag.bool('Show digests'),
  filter: filters,
  format: listFormat,
  'no-trunc': flag.bool("Don't truncate output"),
  quiet: flag.bool('Only show image IDs', {char: 'q'}),
  tree: flag.bool('List multi-platform images as a tree (EXPERIMENTAL)'),
} satisfies FlagSpecs;

export default class ImageLs extends DockerCommand<typeof flags> {
  static override summary = 'List images';
  static override flags = flags;
  static override tail = '[OPTIONS] [REPOSITORY[:TAG]]';
  static override positional = atMost(1);

  async execute({
    cli,
    args: [reference],
    flags: {all, digests, filter, format, quiet, tree, ...rest},
  }: Input<typeof flags>) {
    if (tree) throw new CliError('--tree is not available: inspect an image to see its platforms');
    const wanted =
      reference === undefined ? filter : {...filter, reference: {...filter.reference, [reference]: true as const}};
    const images = await cli.client.get<ImageSummary[]>('/images/json', {query: {all, filters: encodeFilters(wanted)}});
    const template = format || (quiet ? '' : (cli.config.imagesFormat ?? ''));
    const type = imageRow({truncate: !rest['no-trunc']});
    const showsDigests = digests || usesField(template, type, 'Digest');
    const isQuiet = quiet && (template === '' || template.startsWith('table'));
    cli.stdout.write(
      formatList(imageRows(images, showsDigests && template !== 'json'), type, {
        format: template,
        table: digests ? imageTableWithDigest : imageTable,
        raw: imageRaw,
        quiet: isQuiet ? '{{.ID}}' : undefined,
      }),
    );
  }
}
