import {readdirSync} from 'node:fs';
import {goJson} from '@longshore/term';
import type {Cli} from '../../cli.ts';
import {contextPaths, readContext} from '../../client/context-store.ts';
import {inspectFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import type {FlagSpecs} from '../../command/flags.ts';
import {anyArguments} from '../../command/positional.ts';
import {inspect} from '../../format/inspect.ts';

const flags = {format: inspectFormat} satisfies FlagSpecs;

export default class ContextInspect extends DockerCommand<typeof flags> {
  static override summary = 'Display detailed information on one or more contexts';
  static override flags = flags;
  static override tail = '[OPTIONS] [CONTEXT] [CONTEXT...]';
  static override positional = anyArguments;

  async execute({cli, args, flags: {format}}: Input<typeof flags>) {
    const names = args.length > 0 ? args : [cli.contextName];
    await inspect(cli, names, format, async name => describe(cli, name));
  }
}

function describe(cli: Cli, name: string): string {
  if (name === 'default') {
    const docker = {Host: cli.client.endpoint.url, SkipTLSVerify: false};
    const inMemory = '<IN MEMORY>';
    return json(name, {}, docker, {}, {MetadataPath: inMemory, TLSPath: inMemory});
  }
  const context = readContext(cli.configDirectory, name);
  const paths = contextPaths(cli.configDirectory, context.id);
  const files = certificates(`${paths.tls}/docker`);
  const docker = {
    Host: context.Endpoints?.docker?.Host ?? '',
    SkipTLSVerify: context.Endpoints?.docker?.SkipTLSVerify ?? false,
  };
  const tls = files.length > 0 ? {docker: files} : {};
  return json(name, context.Metadata ?? {}, docker, tls, {MetadataPath: paths.meta, TLSPath: paths.tls});
}

function json(name: string, metadata: object, docker: object, tls: object, storage: object): string {
  const context = {Name: name, Metadata: metadata, Endpoints: {docker}, TLSMaterial: tls, Storage: storage};
  return goJson(context, {escapeHtml: true});
}

function certificates(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return []; // a context without TLS
  }
}
