/** Forwarding between interfaces, without which containers only reach the host. */
import {readKernelFile, writeKernelFile} from '@longshore/linux';

const ipForward = '/proc/sys/net/ipv4/ip_forward';

/** Turns it on; true when it was off. Throws where /proc/sys may not be written. */
export function enableForwarding(): boolean {
  if (readKernelFile(ipForward).trim() === '1') return false;
  writeKernelFile(ipForward, '1');
  return true;
}
