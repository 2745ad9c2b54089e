import type {Cli} from '../../cli.ts';
import {
  formatReference,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
} from '../../client/reference.ts';
import {registryAuthHeader} from '../../client/registry-auth.ts';
import {escapePath} from '../../client/url.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {showMessages} from '../../format/json-messages.ts';
import {refuseContentTrust} from '../content-trust.ts';
import {platformQuery} from '../platform-query.ts';

const flags = {
  'all-tags': flag.bool('Push all tags of an image to the repository', {char: 'a'}),
  'disable-content-trust': flag.bool('Skip image signing', {initial: true}),
  platform: since(
    '1.46',
    flag.string(
      "Push a platform-specific manifest as a single-platform image to the registry. Image index won't be pushed, meaning that other manifests, including attestations won't be preserved. 'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
    ),
  ),
  quiet: flag.bool('Suppress verbose output', {char: 'q'}),
} satisfies FlagSpecs;

export default class ImagePush extends DockerCommand<typeof flags> {
  static override summary = 'Upload an image to a registry';
  static override flags = flags;
  static override tail = '[OPTIONS] NAME[:TAG]';
  static override positional = exactly(1);

  async execute({cli, args: [name = ''], flags: values}: Input<typeof flags>) {
    refuseContentTrust(values['disable-content-trust']);
    const given = parseReference(name);
    const isNameOnly = given.tag === undefined && given.digest === undefined;
    if (values['all-tags'] && !isNameOnly) throw new CliError("tag can't be used with --all-tags/-a");
    const reference = values['all-tags'] ? given : withDefaultTag(given);
    const platform = await platformQuery(values.platform);
    if (isNameOnly && !values['all-tags'] && !values.quiet) cli.print(`Using default tag: ${reference.tag}`);
    await push(cli, reference, platform, values.quiet);
    if (values.quiet) cli.print(formatReference(reference));
  }
}

async function push(cli: Cli, reference: Reference, platform: string | undefined, isQuiet: boolean): Promise<void> {
  const {body} = await cli.client.request('POST', `/images/${escapePath(repositoryName(reference))}/push`, {
    query: {tag: reference.tag, platform},
    headers: {'X-Registry-Auth': await registryAuthHeader(cli, reference.domain)},
  });
  const out = isQuiet ? ({isTTY: false, write: () => true} as unknown as NodeJS.WriteStream) : cli.stdout;
  await showMessages(body, out).catch(error => {
    throw new CliError((error as Error).message);
  });
}
