/** Forwarding between interfaces, without which containers only reach the host. */
import {readKernelFile, writeKernelFile} from '@longshore/linux';

const ipForward = '/proc/sys/net/ipv4/ip_forward';

/** `all` is what counts; `default` is for devices to come. */
const ip6Forward = ['default', 'all'].map(name => `/proc/sys/net/ipv6/conf/${name}/forwarding`);

/** Turns it on; true when it was off. Throws where /proc/sys may not be written. */
export function enableForwarding(): boolean {
  if (readKernelFile(ipForward).trim() === '1') return false;
  writeKernelFile(ipForward, '1');
  return true;
}

/** The same for IPv6. The host then takes no more router advertisements, unless its `accept_ra` is 2. */
export function enableForwardingIpv6(): boolean {
  const off = ip6Forward.filter(path => readKernelFile(path).trim() !== '1');
  for (const path of off) writeKernelFile(path, '1');
  return off.length > 0;
}
