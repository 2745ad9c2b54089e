/** The `platform` parameter of newer requests: a platform as JSON. */
import type {Platform} from '@longshore/api/oci';
import {EngineError, messageOf} from '@longshore/errdefs';
import {list, omitEmpty, struct, text} from '../../core/shape/shape.ts';
import type {ApiRequest} from '../route.ts';

const platformShape = struct({
  architecture: text,
  os: text,
  'os.version': omitEmpty(text),
  'os.features': omitEmpty(list(text)),
  variant: omitEmpty(text),
});

/** Undefined when it is not given, or the client is older than `since`. Throws `invalid-argument`. */
export function platformParameter(request: ApiRequest, since: string): Platform | undefined {
  const given = request.query.list('platform').filter(value => value !== '');
  const [first] = given;
  if (first === undefined || request.version.below(since)) return undefined;
  if (given.length > 1) throw new EngineError('unimplemented', 'several platforms at once are not implemented');
  return parsePlatformJson(first);
}

export function parsePlatformJson(json: string): Platform {
  let platform: ReturnType<typeof platformShape.decode>;
  try {
    platform = platformShape.decode(JSON.parse(json), '');
  } catch (error) {
    throw new EngineError('invalid-argument', `failed to parse platform: ${messageOf(error)}`, {cause: error});
  }
  const {os, architecture, variant} = platform;
  if (platform.os === '' || architecture === '') {
    throw new EngineError('invalid-argument', 'both OS and Architecture must be provided');
  }
  return {
    os,
    architecture,
    ...(variant ? {variant} : {}),
    ...(platform['os.version'] ? {'os.version': platform['os.version']} : {}),
  };
}
