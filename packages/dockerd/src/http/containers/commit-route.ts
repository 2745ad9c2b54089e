/** POST /commit */
import {EngineError} from '@longshore/errdefs';
import {parseReference, type Reference, withDefaultTag, withTag} from '@longshore/oci';
import {type CommitServices, commitContainer} from '../../core/containers/commit.ts';
import {containerConfig} from '../../core/containers/documents/container-config.ts';
import {readOptionalJson} from '../json-body.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';

export function commitRoute(services: CommitServices): Route {
  return {
    method: 'POST',
    path: '/commit',
    job: 'commit',
    handle: (request, reply) => commit(services, request, reply),
  };
}

async function commit(services: CommitServices, request: ApiRequest, reply: ApiReply): Promise<void> {
  const {query, ctx} = request;
  const body = await readOptionalJson(request, containerConfig);
  const container = services.world.registry.find(query.text('container'));
  const isEmpty = !body || JSON.stringify(body) === JSON.stringify(containerConfig.zero());
  const id = await commitContainer(services, ctx, container, {
    name: nameOf(query.text('repo'), query.text('tag')),
    pause: query.text('pause') === '' || query.bool('pause'),
    author: query.text('author'),
    comment: query.text('comment'),
    changes: query.list('changes'),
    config: isEmpty ? undefined : body,
  });
  reply.json(201, {Id: id});
}

/** Throws `invalid-argument`. */
function nameOf(repository: string, tag: string): Reference | undefined {
  if (repository === '') return undefined;
  const reference = parseReference(repository);
  if (reference.digest !== undefined) {
    throw new EngineError('invalid-argument', 'refusing to create a tag with a digest reference');
  }
  return withDefaultTag(tag === '' ? reference : withTag(reference, tag));
}
