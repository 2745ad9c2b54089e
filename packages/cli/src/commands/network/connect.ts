import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag, since, splitPair} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {checkLink} from '../../run/flag-values.ts';
import {unsetEndpoint} from '../../run/networks.ts';

const flags = {
  alias: flag.strings('Add network-scoped alias for the container'),
  'driver-opt': flag.strings('driver options for the network'),
  'gw-priority': since(
    '1.48',
    flag.int('Highest gw-priority provides the default gateway. Accepts positive and negative values.'),
  ),
  ip: flag.string('IPv4 address (e.g., "172.30.100.104")'),
  ip6: flag.string('IPv6 address (e.g., "2001:db8::33")'),
  link: flag.list('Add link to another container', {check: checkLink}),
  'link-local-ip': flag.strings('Add a link-local address for the container'),
} satisfies FlagSpecs;

export default class NetworkConnect extends DockerCommand<typeof flags> {
  static override summary = 'Connect a container to a network';
  static override flags = flags;
  static override tail = '[OPTIONS] NETWORK CONTAINER';
  static override positional = exactly(2);

  async execute({cli, args: [network = '', container], flags: values}: Input<typeof flags>) {
    const {alias, ip, ip6, link} = values;
    const linkLocal = values['link-local-ip'];
    const endpoint = {
      IPAMConfig: {
        ...(ip && {IPv4Address: ip}),
        ...(ip6 && {IPv6Address: ip6}),
        ...(linkLocal.length > 0 && {LinkLocalIPs: linkLocal}),
      },
      Links: link.length > 0 ? link : null,
      Aliases: alias,
      MacAddress: '',
      DriverOpts: Object.fromEntries(values['driver-opt'].map(driverOption)),
      GwPriority: values['gw-priority'],
      ...unsetEndpoint,
    };
    await cli.client.post(`/networks/${network}/connect`, {json: {Container: container, EndpointConfig: endpoint}});
  }
}

function driverOption(text: string): [string, string] {
  const [key, value] = splitPair(text);
  if (!text.includes('=') || key.trim() === '') throw new CliError('invalid key/value pair format in driver options');
  return [key.trim(), value.trim()];
}
