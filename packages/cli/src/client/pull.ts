/** Pulls an image through the engine. */
import type {Cli} from '../cli.ts';
import {showMessages} from '../format/json-messages.ts';
import {type Reference, repositoryName, tagOrDigest} from './reference.ts';
import {registryAuthHeader} from './registry-auth.ts';

export interface PullOptions {
  /** `os/arch[/variant]`; empty for the engine's own. */
  platform: string;
  /** Where progress goes; nowhere when quiet. */
  out?: NodeJS.WriteStream;
}

/** Without tag and digest all tags are pulled. Throws with the registry's or the engine's text. */
export async function pullImage(cli: Cli, reference: Reference, {platform, out}: PullOptions): Promise<void> {
  const {body} = await cli.client.request('POST', '/images/create', {
    query: {
      fromImage: repositoryName(reference),
      tag: tagOrDigest(reference) || undefined,
      platform: platform.toLowerCase() || undefined,
    },
    headers: {'X-Registry-Auth': await registryAuthHeader(cli, reference.domain)},
  });
  await showMessages(body, out ?? discard);
}

/** Takes the place of a terminal when progress is not to be seen; errors still are. */
const discard = {isTTY: false, write: () => true} as unknown as NodeJS.WriteStream;
