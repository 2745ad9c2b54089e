import type {SystemInfo} from '@longshore/api/engine';
import {buildTime, engineApiVersion, engineVersion, gitCommit} from '@longshore/base';
import type {Cli} from '../../cli.ts';
import {inspectFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import type {FlagSpecs} from '../../command/flags.ts';
import {listPlugins, type PluginMetadata} from '../../command/plugin-list.ts';
import {formatObject} from '../../format/object.ts';
import {infoWarnings, serverInfoText} from '../../format/server-info.ts';
import {runtimeName, systemArchitecture} from '../../version-line.ts';

const flags = {format: inspectFormat} satisfies FlagSpecs;

export default class SystemInfoCommand extends DockerCommand<typeof flags> {
  static override summary = 'Display system-wide information';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {format}}: Input<typeof flags>) {
    let info: SystemInfo | undefined;
    let failure: Error | undefined;
    try {
      info = await cli.client.get<SystemInfo>('/info');
    } catch (error) {
      failure = error as Error;
    }
    const client = await clientInfo(cli);
    if (format) {
      const errors = failure ? {ServerErrors: [failure.message]} : {};
      cli.stdout.write(formatObject({...info, ...errors, ClientInfo: client}, format, spellings));
      if (failure) cli.warn(failure.message);
      return failure ? 1 : 0;
    }
    cli.print(`Client:\n${clientText(client)}\nServer:`);
    if (info) {
      cli.print(serverInfoText(info));
      for (const warning of infoWarnings(info)) cli.warn(warning);
    }
    if (!failure) return 0;
    cli.warn(failure.message);
    return 1;
  }
}

/** Names in templates of fields whose JSON name differs. */
const spellings = {
  HTTPProxy: 'HttpProxy',
  HTTPSProxy: 'HttpsProxy',
  CPUCfsPeriod: 'CpuCfsPeriod',
  CPUCfsQuota: 'CpuCfsQuota',
  Path: 'path',
  Args: 'runtimeArgs',
  Type: 'runtimeType',
  Options: 'options',
  Status: 'status',
};

interface ClientInfo {
  Debug: boolean;
  Version: string;
  DefaultAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  BuildTime: string;
  Context: string;
  Plugins: PluginMetadata[];
  Warnings: null;
}

async function clientInfo(cli: Cli): Promise<ClientInfo> {
  return {
    Debug: cli.globals.isDebug,
    Version: engineVersion,
    DefaultAPIVersion: engineApiVersion,
    GitCommit: gitCommit,
    GoVersion: runtimeName(),
    Os: 'linux',
    Arch: systemArchitecture(),
    BuildTime: buildTime,
    Context: cli.contextName,
    Plugins: await listPlugins(cli),
    Warnings: null,
  };
}

function clientText(client: ClientInfo): string {
  const lines = [` Version:    ${client.Version}`, ` Context:    ${client.Context}`, ` Debug Mode: ${client.Debug}`];
  if (client.Plugins.length > 0) lines.push(' Plugins:', ...client.Plugins.flatMap(pluginLines));
  return lines.map(line => `${line}\n`).join('');
}

function pluginLines({Name, ShortDescription, Vendor, Version, Path}: PluginMetadata): string[] {
  const lines = [`  ${Name}: ${ShortDescription ?? ''} (${Vendor ?? ''})`];
  if (Version) lines.push(`    Version:  ${Version}`);
  return [...lines, `    Path:     ${Path}`];
}
