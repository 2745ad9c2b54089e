/** All flags of `docker create`; `docker run` has a few more. */
import {type FlagSpecs, type FlagValues, flag} from '../command/flags.ts';
import {isolationFlags, networkFlags, storageFlags} from './flags-host.ts';
import {imageFlags, processFlags} from './flags-process.ts';
import {resourceFlags} from './flags-resources.ts';

export const containerFlags = {
  ...processFlags,
  ...imageFlags,
  ...isolationFlags,
  ...storageFlags,
  ...networkFlags,
  ...resourceFlags,
} satisfies FlagSpecs;

export function pullFlag(verb: string, second: string) {
  return flag.string(`Pull image before ${verb} ("always", "${second}", "never")`, {initial: 'missing'});
}

export type ContainerFlags = FlagValues<typeof containerFlags>;

/** The flags of a command line and which of them were given. */
export interface ContainerOptions {
  flags: ContainerFlags;
  given: ReadonlySet<string>;
}
