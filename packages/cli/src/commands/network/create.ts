import type {NetworkCreateRequest, NetworkCreateResponse} from '@longshore/api/engine';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag, since, splitPair} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {checkLabel} from '../../run/flag-values.ts';
import {ipamConfigs} from './ipam.ts';

const flags = {
  attachable: since('1.25', flag.bool('Enable manual container attachment')),
  'aux-address': flag.map('Auxiliary IPv4 or IPv6 addresses used by Network driver'),
  'config-from': since('1.30', flag.string('The network from which to copy the configuration')),
  'config-only': since('1.30', flag.bool('Create a configuration only network')),
  driver: flag.string('Driver to manage the Network', {char: 'd', initial: 'bridge'}),
  gateway: flag.strings('IPv4 or IPv6 Gateway for the master subnet'),
  ingress: since('1.29', flag.bool('Create swarm routing-mesh network')),
  internal: flag.bool('Restrict external access to the network'),
  'ip-range': flag.strings('Allocate container ip from a sub-range'),
  'ipam-driver': flag.string('IP Address Management Driver', {initial: 'default'}),
  'ipam-opt': flag.map('Set IPAM driver specific options'),
  ipv4: since('1.48', flag.bool('Enable or disable IPv4 address assignment', {initial: true})),
  ipv6: flag.bool('Enable or disable IPv6 address assignment'),
  label: flag.list('Set metadata on a network', {check: checkLabel}),
  opt: flag.map('Set driver specific options', {char: 'o'}),
  scope: since('1.30', flag.string("Control the network's scope")),
  subnet: flag.strings('Subnet in CIDR format that represents a network segment'),
} satisfies FlagSpecs;

export default class NetworkCreate extends DockerCommand<typeof flags> {
  static override summary = 'Create a network';
  static override flags = flags;
  static override tail = '[OPTIONS] NETWORK';
  static override positional = exactly(1);

  async execute({cli, args: [name = ''], flags: values, given}: Input<typeof flags>) {
    const json: NetworkCreateRequest = {
      Driver: values.driver,
      Scope: values.scope,
      ...(given.has('ipv4') && {EnableIPv4: values.ipv4}),
      ...(given.has('ipv6') && {EnableIPv6: values.ipv6}),
      IPAM: {Driver: values['ipam-driver'], Options: values['ipam-opt'], Config: ipamConfigs(values)},
      Internal: values.internal,
      Attachable: values.attachable,
      Ingress: values.ingress,
      ConfigOnly: values['config-only'],
      ConfigFrom: values['config-from'] ? {Network: values['config-from']} : null,
      Options: values.opt,
      Labels: Object.fromEntries(values.label.map(splitPair)),
      Name: name,
      // Older engines take a name twice unless they are asked to look.
      ...((await cli.client.supports('1.44')) ? {} : {CheckDuplicate: true}),
    };
    const {Id, Warning} = await cli.client.post<NetworkCreateResponse>('/networks/create', {json});
    if (Warning) cli.warn(`WARNING: ${Warning}`);
    cli.print(Id);
  }
}
