import type {ComponentVersion, SystemVersion} from '@longshore/api/engine';
import {buildTime, engineApiVersion, engineVersion, gitCommit} from '@longshore/base';
import {alignColumns} from '@longshore/term';
import type {Cli} from '../cli.ts';
import {inspectFormat} from '../command/common-flags.ts';
import {DockerCommand, type Input} from '../command/docker-command.ts';
import type {FlagSpecs} from '../command/flags.ts';
import {formatObject} from '../format/object.ts';
import {runtimeName, systemArchitecture} from '../version-line.ts';

const flags = {format: inspectFormat} satisfies FlagSpecs;
const columns = {minWidth: 20, tabWidth: 1, padding: 1, fill: ' '} as const;

export interface ClientVersion {
  Version: string;
  ApiVersion: string;
  DefaultAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  BuildTime: string;
  Context: string;
}

export default class Version extends DockerCommand<typeof flags> {
  static override summary = 'Show the Docker version information';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {format}}: Input<typeof flags>) {
    let server: SystemVersion | undefined;
    let failure: Error | undefined;
    try {
      server = await cli.client.get<SystemVersion>('/version');
    } catch (error) {
      failure = error as Error;
    }
    const client = await clientVersion(cli, server);
    if (format) cli.stdout.write(formatObject({Client: client, Server: server ?? null}, format, spellings));
    else cli.stdout.write(alignColumns(clientText(client) + (server ? serverText(server) : ''), columns));
    if (!failure) return 0;
    cli.warn(failure.message);
    return 1;
  }
}

/** Template names of fields whose JSON name differs. */
const spellings = {APIVersion: 'ApiVersion'};

async function clientVersion(cli: Cli, server: SystemVersion | undefined): Promise<ClientVersion> {
  return {
    Version: engineVersion,
    ApiVersion: server ? await cli.client.version() : (process.env.DOCKER_API_VERSION ?? engineApiVersion),
    DefaultAPIVersion: engineApiVersion,
    GitCommit: gitCommit,
    GoVersion: runtimeName(),
    Os: 'linux',
    Arch: systemArchitecture(),
    BuildTime: buildTime,
    Context: cli.contextName,
  };
}

function clientText(client: ClientVersion): string {
  const isOlder = client.ApiVersion !== client.DefaultAPIVersion;
  const api = isOlder ? `${client.ApiVersion} (downgraded from ${client.DefaultAPIVersion})` : client.ApiVersion;
  return (
    `Client:\n Version:\t${client.Version}\n API version:\t${api}\n Go version:\t${client.GoVersion}\n` +
    ` Git commit:\t${client.GitCommit}\n Built:\t${builtAt(client.BuildTime)}\n OS/Arch:\t${client.Os}/${client.Arch}\n` +
    ` Context:\t${client.Context}\n`
  );
}

function serverText(server: SystemVersion): string {
  const title = server.Platform?.Name ? ` ${server.Platform.Name}` : '';
  return `\nServer:${title}\n${componentsOf(server).map(componentText).join('')}`;
}

/** Engines before 18.06 name no components. */
function componentsOf(server: SystemVersion): ComponentVersion[] {
  if (server.Components?.length) return server.Components;
  const {Version: version, ApiVersion, MinAPIVersion, GoVersion, GitCommit, BuildTime = '', Os, Arch} = server;
  const experimental = String(server.Experimental ?? false);
  const details = {ApiVersion, MinAPIVersion, GoVersion, GitCommit, BuildTime, Os, Arch, Experimental: experimental};
  return [{Name: 'Engine', Version: version, Details: details}];
}

function componentText({Name, Version: version, Details}: ComponentVersion): string {
  const details = Details ?? {};
  const lines = [` ${Name}:`, `  Version:\t${version}`];
  if (Name === 'Engine') {
    lines.push(
      `  API version:\t${details.ApiVersion} (minimum version ${details.MinAPIVersion})`,
      `  Go version:\t${details.GoVersion}`,
      `  Git commit:\t${details.GitCommit}`,
      `  Built:\t${builtAt(details.BuildTime ?? '')}`,
      `  OS/Arch:\t${details.Os}/${details.Arch}`,
      `  Experimental:\t${details.Experimental}`,
    );
  } else for (const key of Object.keys(details).sort()) lines.push(`  ${key}:\t${details[key]}`);
  return lines.map(line => `${line}\n`).join('');
}

/** `Tue Sep 15 11:02:57 2026`, from a time as builds record it. */
function builtAt(text: string): string {
  const date = new Date(text);
  if (text === '' || Number.isNaN(date.getTime())) return text;
  const [weekday = '', day = '', month = '', year = '', time = ''] = date.toUTCString().split(' ');
  return `${weekday.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}
