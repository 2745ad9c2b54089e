import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {showMessages} from '../../format/json-messages.ts';
import {openInput} from '../open-input.ts';
import {platformQuery} from '../platform-query.ts';

const flags = {
  input: flag.string('Read from tar archive file, instead of STDIN', {char: 'i'}),
  platform: since(
    '1.48',
    flag.string('Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")'),
  ),
  quiet: flag.bool('Suppress the load output', {char: 'q'}),
} satisfies FlagSpecs;

export default class ImageLoad extends DockerCommand<typeof flags> {
  static override summary = 'Load an image from a tar archive or STDIN';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {input, platform, quiet}}: Input<typeof flags>) {
    if (input === '' && cli.stdin.isTTY) throw new CliError('requested load from stdin, but stdin is empty');
    const query = {quiet: quiet || !cli.stdout.isTTY, platform: await platformQuery(platform)};
    const response = await cli.client.request('POST', '/images/load', {
      query,
      body: input === '' ? cli.stdin : await openInput(input),
      contentType: 'application/x-tar',
    });
    if (response.head.headers.get('content-type')?.includes('json')) await showMessages(response.body, cli.stdout);
    else for await (const chunk of response.body) cli.stdout.write(chunk);
  }
}
