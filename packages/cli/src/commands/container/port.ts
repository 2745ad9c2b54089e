import type {ContainerInspect, PortBinding, PortMap} from '@longshore/api/engine';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {between} from '../../command/positional.ts';

export default class ContainerPort extends DockerCommand {
  static override summary = 'List port mappings or a specific mapping for the container';
  static override tail = 'CONTAINER [PRIVATE_PORT[/PROTO]]';
  static override positional = between(1, 2);

  async execute({cli, args: [name, wanted]}: Input) {
    const container = await cli.client.get<ContainerInspect>(`/containers/${name}/json`);
    const ports = container.NetworkSettings?.Ports ?? {};
    const lines = wanted === undefined ? allPorts(ports) : onePort(ports, wanted, name ?? '');
    if (lines.length > 0) cli.print(lines.join('\n'));
  }
}

function allPorts(ports: PortMap): string[] {
  const names = Object.keys(ports).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1));
  return names.flatMap(port => (ports[port] ?? []).map(binding => `${port} -> ${address(binding)}`));
}

function onePort(ports: PortMap, wanted: string, container: string): string[] {
  const [number = '', protocol = 'tcp'] = wanted.split('/');
  if (!/^\d+$/.test(number) || Number(number) > 65535) {
    const reason = /^\d+$/.test(number) ? 'value out of range' : 'invalid syntax';
    throw new CliError(
      `Error: invalid port (${number}): strconv.ParseUint: parsing ${JSON.stringify(number)}: ${reason}`,
    );
  }
  const bindings = ports[`${Number(number)}/${protocol}`];
  if (!bindings?.length) throw new CliError(`Error: No public port '${wanted}' published for ${container}`);
  return bindings.map(address);
}

function address({HostIp, HostPort}: PortBinding): string {
  return `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`;
}
