/** What the options of a bridge network mean. */
import {EngineError} from '@longshore/errdefs';
import {parseIpv4} from './ipv4.ts';

export interface BridgeOptions {
  icc: boolean;
  masquerade: boolean;
  mtu: number;
  /** Host address for published ports without one. */
  bindingAddress: string;
  /** Host address that connections to elsewhere come from; undefined for that of the way they take. */
  sourceAddress: string | undefined;
  /** Names of interfaces in containers: this and a number. */
  interfacePrefix: string;
}

const names = {
  defaultBridge: 'com.docker.network.bridge.default_bridge',
  icc: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  binding: 'com.docker.network.bridge.host_binding_ipv4',
  device: 'com.docker.network.bridge.name',
  gatewayMode: 'com.docker.network.bridge.gateway_mode_ipv4',
  gatewayMode6: 'com.docker.network.bridge.gateway_mode_ipv6',
  source: 'com.docker.network.host_ipv4',
  inhibit: 'com.docker.network.bridge.inhibit_ipv4',
  mtu: 'com.docker.network.driver.mtu',
  interfacePrefix: 'com.docker.network.container_iface_prefix',
  enableIpv4: 'com.docker.network.enable_ipv4',
  enableIpv6: 'com.docker.network.enable_ipv6',
} as const;

/** Options of the network `bridge`, as inspect shows them. */
export function defaultBridgeOptions(options: BridgeOptions, device: string): Record<string, string> {
  return {
    [names.defaultBridge]: 'true',
    [names.icc]: String(options.icc),
    [names.masquerade]: String(options.masquerade),
    [names.binding]: options.bindingAddress,
    [names.device]: device,
    [names.mtu]: String(options.mtu),
  };
}

/** Reads them. Throws `invalid-argument` for a bad value, `unimplemented` for what would be silently ignored. */
export function readBridgeOptions(options: Readonly<Record<string, string>>, mtu: number): BridgeOptions {
  const known = new Set<string>(Object.values(names));
  for (const [name, value] of Object.entries(options)) {
    if (name.startsWith('com.docker.network.') && !known.has(name)) throw notImplemented(name, value);
  }
  for (const name of [names.gatewayMode, names.gatewayMode6]) {
    const mode = options[name] || 'nat';
    if (mode !== 'nat') throw notImplemented(name, mode);
  }
  if (readBool(options, names.inhibit, false)) throw notImplemented(names.inhibit, 'true');
  enablesIpv6(options);
  if (!readBool(options, names.enableIpv4, true)) throw notImplemented(names.enableIpv4, 'false');
  return {
    icc: readBool(options, names.icc, true),
    masquerade: readBool(options, names.masquerade, true),
    mtu: readMtu(options, mtu),
    bindingAddress: readAddress(options, names.binding),
    sourceAddress: readAddress(options, names.source) || undefined,
    interfacePrefix: options[names.interfacePrefix] || 'eth',
  };
}

/** IPv6 for a network whose request does not say: an option of `default-network-opts`. Throws `invalid-argument`. */
export function enablesIpv6(options: Readonly<Record<string, string>>): boolean {
  return readBool(options, names.enableIpv6, false);
}

/** Name of the bridge device that was asked for, or the empty string. Throws `invalid-argument`. */
export function requestedDevice(options: Readonly<Record<string, string>>): string {
  const name = options[names.device] ?? '';
  // IFNAMSIZ is 16 with the closing NUL; the kernel refuses slashes and white space.
  if (name === '' || /^[^\s/:]{1,15}$/.test(name)) return name;
  throw new EngineError('invalid-argument', `invalid bridge name ${JSON.stringify(name)}`);
}

function readBool(options: Readonly<Record<string, string>>, name: string, missing: boolean): boolean {
  const value = options[name];
  if (value === undefined || value === '') return missing;
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw badValue(name, value);
}

function readMtu(options: Readonly<Record<string, string>>, missing: number): number {
  const value = options[names.mtu];
  if (value === undefined) return missing;
  // 68 is the least for IPv4, 65535 the most a bridge takes; 0 leaves the kernel's default.
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw badValue(names.mtu, value);
  if (Number(value) > 0 && Number(value) < 68) throw badValue(names.mtu, value);
  return Number(value) || missing;
}

function readAddress(options: Readonly<Record<string, string>>, name: string): string {
  const value = options[name] ?? '';
  if (value === '') return '';
  if (parseIpv4(value) === undefined) throw badValue(name, value);
  return value;
}

function badValue(name: string, value: string): EngineError {
  return new EngineError('invalid-argument', `invalid value ${JSON.stringify(value)} of network option ${name}`);
}

function notImplemented(name: string, value: string): EngineError {
  return new EngineError('unimplemented', `network option ${name}=${value} is not implemented`);
}
