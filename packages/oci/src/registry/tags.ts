/** The tags of a repository, which registries give page by page. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {type Reference, repositoryName} from '../reference.ts';
import {type Connection, header} from './connection.ts';
import {pullScope, retrying} from './fetch.ts';
import {readAll} from './http-client.ts';

const maxPage = 4 << 20;
const maxPages = 1000;

/** In the registry's order. Throws `not-found` for a repository that is not there. */
export async function fetchTags(ctx: CallContext, connection: Connection, reference: Reference): Promise<string[]> {
  const tags: string[] = [];
  let path: string | URL | undefined = `/${reference.path}/tags/list`;
  for (let page = 0; path !== undefined; page++) {
    if (page === maxPages) throw malformed(reference);
    const {names, next} = await retrying(ctx, connection.downloadAttempts, () =>
      fetchPage(ctx, connection, reference, path as string | URL),
    );
    tags.push(...names);
    path = next;
  }
  return tags;
}

async function fetchPage(ctx: CallContext, connection: Connection, reference: Reference, path: string | URL) {
  const response = await connection.request(ctx, {
    method: 'GET',
    path,
    scopes: [pullScope(reference)],
    accept: [200],
    redirects: true,
  });
  const text = (await readAll(response, maxPage)).toString('utf8');
  const next = nextPage(header(response, 'link'), connection.url(path));
  return {names: tagsOf(text, reference), next};
}

/** `tags` is null in some registries when there are none. */
function tagsOf(text: string, reference: Reference): string[] {
  let tags: unknown;
  try {
    tags = (JSON.parse(text) as {tags?: unknown} | null)?.tags ?? [];
  } catch (cause) {
    throw malformed(reference, cause);
  }
  if (!Array.isArray(tags) || !tags.every(tag => typeof tag === 'string')) throw malformed(reference);
  return tags;
}

/** `</v2/a/tags/list?last=x&n=9>; rel="next"` (RFC 5988). */
function nextPage(link: string | undefined, base: URL): URL | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(link ?? '')?.[1];
  return target !== undefined && URL.canParse(target, base) ? new URL(target, base) : undefined;
}

function malformed(reference: Reference, cause?: unknown): EngineError {
  return new EngineError('data-loss', `list of tags of ${repositoryName(reference)} is malformed`, {cause});
}
