/** A platform as the API takes it: JSON of its parts. */
import {CliError} from '../command/errors.ts';

/** Undefined when none was given. Throws CliError for a platform that is none. */
export async function platformQuery(text: string): Promise<string | undefined> {
  if (text === '') return undefined;
  const {parsePlatform} = await import('@longshore/oci');
  const {os, architecture, variant} = parse(parsePlatform, text);
  return JSON.stringify({architecture, os, ...(variant && {variant})});
}

function parse<T>(parsePlatform: (text: string) => T, text: string): T {
  try {
    return parsePlatform(text);
  } catch (error) {
    throw new CliError(`invalid platform: ${(error as Error).message}`);
  }
}
