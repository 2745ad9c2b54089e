/** `--device /dev/sda:/dev/xvda:rw`, or a CDI name: `vendor.com/class=name`. */
import type {DeviceMapping, DeviceRequest} from '@longshore/api/engine';

export interface ParsedDevices {
  mappings: DeviceMapping[];
  requests: DeviceRequest[];
}

/** Throws an Error with Docker's text. */
export function parseDevices(texts: readonly string[]): ParsedDevices {
  const cdi = texts.filter(isCdiName);
  const mappings = texts.filter(text => !isCdiName(text)).map(parseDevice);
  const requests = [{Driver: 'cdi', Count: 0, DeviceIDs: cdi, Capabilities: null, Options: null}];
  return {mappings, requests: cdi.length > 0 ? requests : []};
}

function isCdiName(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.-]*\/[A-Za-z][A-Za-z0-9_-]*=[A-Za-z0-9][A-Za-z0-9_.:-]*$/.test(text);
}

function parseDevice(text: string): DeviceMapping {
  const parts = text.split(':');
  const [host = '', second, third] = parts;
  if (host === '' || parts.length > 3 || (third !== undefined && !isPermissions(third))) {
    throw new Error(parts.length > 3 || host === '' ? `bad format for path: ${text}` : `bad mode specified: ${third}`);
  }
  if (second !== undefined && isPermissions(second) && third === undefined) {
    return {PathOnHost: host, PathInContainer: host, CgroupPermissions: second};
  }
  const inside = second || host;
  if (!inside.startsWith('/')) throw new Error(`${inside} is not an absolute path`);
  return {PathOnHost: host, PathInContainer: inside, CgroupPermissions: third ?? 'rwm'};
}

function isPermissions(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}
