/** Image names as requests need them. Loaded only by commands that send one. */
import {
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
} from '@longshore/oci';
import {CliError} from '../command/errors.ts';

export {
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
};

/** The `repo` and `tag` parameters for an image to be made. Throws CliError when there is a digest. */
export function splitTarget(text: string): {repo: string; tag: string} {
  const reference = withDefaultTag(parseReference(text));
  if (reference.digest !== undefined) throw new CliError('refusing to create a tag with a digest reference');
  return {repo: repositoryName(reference), tag: reference.tag ?? 'latest'};
}

/** The `tag` parameter of a pull: a digest where there is one. */
export function tagOrDigest({tag, digest}: Reference): string {
  return digest ?? tag ?? '';
}
