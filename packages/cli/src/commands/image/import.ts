import type {Cli} from '../../cli.ts';
import type {HttpBody} from '../../client/http.ts';
import {parseReference} from '../../client/reference.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {showMessages} from '../../format/json-messages.ts';
import {openInput} from '../open-input.ts';

const flags = {
  change: flag.list('Apply Dockerfile instruction to the created image', {char: 'c'}),
  message: flag.string('Set commit message for imported image', {char: 'm'}),
  platform: since('1.32', flag.string('Set platform if server is multi-platform capable')),
} satisfies FlagSpecs;

export default class ImageImport extends DockerCommand<typeof flags> {
  static override summary = 'Import the contents from a tarball to create a filesystem image';
  static override flags = flags;
  static override tail = '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]';
  static override positional = atLeast(1);

  async execute({cli, args: [source = '', target], flags: {change, message, platform}}: Input<typeof flags>) {
    if (target) parseReference(target); // a bad name is known before anything is sent
    const body = await sourceBody(cli, source);
    const response = await cli.client.request('POST', '/images/create', {
      query: {
        fromSrc: body ? '-' : source,
        repo: target || undefined,
        message: message || undefined,
        changes: change,
        platform: platform.toLowerCase() || undefined,
      },
      ...(body && {body, contentType: 'text/plain'}),
    });
    await showMessages(response.body, cli.stdout);
  }
}

/** Undefined for a URL, which the engine fetches itself. */
async function sourceBody(cli: Cli, source: string): Promise<HttpBody | undefined> {
  if (source === '-') return cli.stdin;
  return /^https?:\/\//.test(source) ? undefined : openInput(source);
}
