/** Joins `--subnet`, `--ip-range`, `--gateway` and `--aux-address`: each belongs to the subnet that contains it. */
import {BlockList, isIP} from 'node:net';
import type {IpamConfig} from '@longshore/api/engine';
import {CliError} from '../../command/errors.ts';

export interface IpamFlags {
  subnet: string[];
  'ip-range': string[];
  gateway: string[];
  'aux-address': Record<string, string>;
}

/** Throws CliError with Docker's text. */
export function ipamConfigs(flags: IpamFlags): IpamConfig[] {
  const {subnet: subnets, 'ip-range': ranges, gateway: gateways, 'aux-address': auxiliary} = flags;
  if (subnets.length < ranges.length || subnets.length < gateways.length) {
    throw new CliError('every ip-range or gateway must have a corresponding subnet');
  }
  subnets.forEach((subnet, i) => {
    for (const other of subnets.slice(0, i)) {
      if (contains(other, networkOf(subnet)) || contains(subnet, networkOf(other))) {
        throw new CliError('multiple overlapping subnet configuration is not supported');
      }
    }
  });
  const configs: IpamConfig[] = subnets.map(subnet => ({Subnet: subnet}));
  const find = (address: string, what: string) => {
    const config = configs.find(({Subnet = ''}) => contains(Subnet, networkOf(address)));
    if (!config) throw new CliError(`no matching subnet for ${what} ${address}`);
    return config;
  };
  for (const range of ranges) {
    const config = find(range, 'range');
    if (config.IPRange)
      throw new CliError(
        `cannot configure multiple ranges (${config.IPRange}, ${range}) on the same subnet (${config.Subnet})`,
      );
    config.IPRange = range;
  }
  for (const gateway of gateways) {
    const config = find(gateway, 'gateway');
    if (config.Gateway)
      throw new CliError(
        `cannot configure multiple gateways (${config.Gateway}, ${gateway}) for the same subnet (${config.Subnet})`,
      );
    config.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(auxiliary)) {
    const config = find(address, 'aux-address');
    config.AuxiliaryAddresses = {...config.AuxiliaryAddresses, [name]: address};
  }
  return configs;
}

function networkOf(text: string): string {
  return text.split('/')[0] ?? '';
}

/** False for anything that is no network or no address: the engine says what is wrong with it. */
function contains(subnet: string, address: string): boolean {
  const [network = '', length = ''] = subnet.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(address) !== family || !/^\d+$/.test(length) || Number(length) > (family === 4 ? 32 : 128))
    return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(length), type);
  return list.check(address, type);
}
