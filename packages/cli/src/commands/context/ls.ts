import type {Cli} from '../../cli.ts';
import {listContexts} from '../../client/context-store.ts';
import {defaultHost} from '../../client/endpoint.ts';
import {listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {formatList, type RowType} from '../../format/list.ts';

const flags = {
  format: listFormat,
  quiet: flag.bool('Only show context names', {char: 'q'}),
} satisfies FlagSpecs;

const contextTable = '{{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}';

interface ContextRow {
  name: string;
  description: string;
  endpoint: string;
  isCurrent: boolean;
}

const contextRow: RowType<ContextRow> = {
  goType: '*formatter.clientContextContext',
  fields: {
    Current: {header: '', get: row => row.isCurrent},
    Name: {header: 'NAME', get: row => row.name},
    Description: {header: 'DESCRIPTION', get: row => row.description},
    DockerEndpoint: {header: 'DOCKER ENDPOINT', get: row => row.endpoint},
    Error: {header: 'ERROR', get: () => ''},
  },
};

export default class ContextLs extends DockerCommand<typeof flags> {
  static override summary = 'List contexts';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {format, quiet}}: Input<typeof flags>) {
    const rows = contextRows(cli);
    cli.stdout.write(
      formatList(rows, contextRow, {format, table: contextTable, quiet: quiet ? '{{.Name}}' : undefined}),
    );
    if (process.env.DOCKER_HOST && !cli.globals.context) {
      cli.warn(
        'Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the ' +
          'global --context flag, or unset DOCKER_HOST environment variable.',
      );
    }
  }
}

function contextRows(cli: Cli): ContextRow[] {
  const current = cli.contextName;
  const stored = listContexts(cli.configDirectory).map(context => ({
    name: context.Name,
    description: context.Metadata?.Description ?? '',
    endpoint: context.Endpoints?.docker?.Host ?? '',
    isCurrent: context.Name === current,
  }));
  const fallback = {
    name: 'default',
    description: 'Current DOCKER_HOST based configuration',
    endpoint: cli.globals.host[0] ?? process.env.DOCKER_HOST ?? defaultHost,
    isCurrent: current === 'default',
  };
  return [...stored, fallback].sort((a, b) => (a.name < b.name ? -1 : 1));
}
