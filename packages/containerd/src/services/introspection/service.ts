import {
  IntrospectionDefinition,
  type Plugin as WirePlugin,
} from '@longshore/api/gen/containerd/services/introspection/v1/introspection';
import {RuntimeRequest} from '@longshore/api/gen/containerd/types/introspection';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import type {CallContext} from '@longshore/base';
import {codeToGrpcStatus, EngineError} from '@longshore/errdefs';
import {type Fields, parseFilters} from '../../core/filters/filter.ts';
import type {TypedValue} from '../../core/metadata/records.ts';
import {quote} from '../../core/names.ts';
import type {Plugin} from '../../core/plugins/plugins.ts';
import {anyFromWire, anyToWire} from '../convert.ts';
import {type ServedService, serve} from '../serve.ts';

export interface ServerIdentity {
  /** Kept under the root directory: the same for the life of an installation. */
  uuid: string;
  /** Inode of the pid namespace that `pid` counts in. */
  pidNamespace: bigint;
}

export interface IntrospectionOptions {
  plugins: readonly Plugin[];
  identity: ServerIdentity;
  /** What the shim of a runtime says about itself: an encoded containerd.types.RuntimeInfo. */
  runtimeInfo: (ctx: CallContext, runtimePath: string, options: TypedValue | undefined) => Promise<TypedValue>;
}

export function introspectionService({plugins, identity, runtimeInfo}: IntrospectionOptions): ServedService {
  return serve(
    IntrospectionDefinition,
    {
      async plugins(_ctx, {filters}) {
        const filter = parseFilters(filters);
        return {plugins: plugins.filter(plugin => filter(pluginFields(plugin))).map(toWire)};
      },
      async server() {
        return {uuid: identity.uuid, pid: BigInt(process.pid), pidns: identity.pidNamespace, deprecations: []};
      },
      async pluginInfo(ctx, {type, id, options}) {
        const plugin = plugins.find(candidate => candidate.type === type && candidate.id === id);
        if (!plugin) throw new EngineError('not-found', `plugin ${quote(`${type}.${id}`)} not found: not found`);
        return {plugin: toWire(plugin), extra: await extraOf(ctx, plugin, options, runtimeInfo)};
      },
    },
    false,
  );
}

async function extraOf(
  ctx: CallContext,
  {type, id}: Plugin,
  options: Any | undefined,
  runtimeInfo: IntrospectionOptions['runtimeInfo'],
): Promise<Any | undefined> {
  if (type !== 'io.containerd.runtime.v2' || id !== 'task') return undefined;
  if (!options) throw new EngineError('invalid-argument', 'options must be set: invalid argument');
  const request = RuntimeRequest.decode(options.value);
  return anyToWire(await runtimeInfo(ctx, request.runtimePath, anyFromWire(request.options)));
}

function pluginFields(plugin: Plugin): Fields {
  return ([first]) => {
    if (first === 'type') return plugin.type;
    if (first === 'id') return plugin.id;
    if (first === 'platforms') return plugin.platforms?.map(({os, architecture}) => `${os}/${architecture}`).join(',');
    return first === 'capabilities' ? plugin.capabilities?.join(',') : undefined;
  };
}

function toWire(plugin: Plugin): WirePlugin {
  const {type, id, requires = [], platforms = [], capabilities = [], exports = {}, problem} = plugin;
  const initErr = problem && {code: codeToGrpcStatus(problem.code), message: problem.message, details: []};
  return {
    ...{type, id, requires: [...requires], capabilities: [...capabilities], exports: {...exports}, initErr},
    platforms: platforms.map(platform => ({...platform, variant: '', osVersion: '', osFeatures: []})),
  };
}
