/** A platform as the API takes it: JSON of its parts. */
import type {Cli} from '../cli.ts';
import {CliError} from '../command/errors.ts';

/** Undefined when none was given. Throws CliError for an engine older than `minimum`, or a platform that is none. */
export async function platformQuery(cli: Cli, text: string, minimum: string): Promise<string | undefined> {
  if (text === '') return undefined;
  const {parsePlatform} = await import('@longshore/oci');
  const {os, architecture, variant} = parse(parsePlatform, text);
  if (!(await cli.client.supports(minimum))) {
    const version = await cli.client.version();
    throw new CliError(`"platform" requires API version ${minimum}, but the Docker daemon API version is ${version}`);
  }
  return JSON.stringify({architecture, os, ...(variant && {variant})});
}

function parse<T>(parsePlatform: (text: string) => T, text: string): T {
  try {
    return parsePlatform(text);
  } catch (error) {
    throw new CliError(`invalid platform: ${(error as Error).message}`);
  }
}
