import {RuntimeInfo, RuntimeRequest} from '@longshore/api/gen/containerd/types/introspection';
import {type Any, packAny, unpackAny, unpackJson} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {indentedJson} from '../../format/table.ts';
import {runtimeFlags, runtimeOptions} from '../../task/task-options.ts';

const leaf: Leaf = {
  usage: '[flags]',
  description: 'What the shim of a runtime says about itself.',
  flags: runtimeFlags,
  async run({ctx, client, flags, print}) {
    const request = RuntimeRequest.fromPartial({runtimePath: flags.text('runtime'), options: runtimeOptions(flags)});
    const {extra} = await client.introspection.pluginInfo(ctx, {
      ...{type: 'io.containerd.runtime.v2', id: 'task'},
      options: packAny('containerd.types.RuntimeRequest', RuntimeRequest, request),
    });
    const info = unpackAny(extra as Any, 'containerd.types.RuntimeInfo', RuntimeInfo);
    if (!info) throw new EngineError('unimplemented', 'containerd tells nothing about this runtime');
    const {name, version, annotations} = info;
    print(
      indentedJson({
        ...{Name: name, Version: {Version: version?.version ?? '', Revision: version?.revision ?? ''}},
        ...(info.options ? {Options: shown(info.options)} : {Options: null}),
        Features: info.features ? unpackJson(info.features) : null,
        Annotations: annotations,
      }),
    );
  },
};
export default leaf;

function shown({typeUrl, value}: Any): object {
  return {type_url: typeUrl, value: Buffer.from(value).toString('base64')};
}
