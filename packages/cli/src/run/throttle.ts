/** Limits per block device: `/dev/sda:1mb`. */
import type {ThrottleDevice, WeightDevice} from '@longshore/api/engine';
import {parseBinarySize} from '@longshore/term';

export type ThrottleOf<T = ThrottleDevice | WeightDevice> = (device: string, value: string, text: string) => T;

/** The step of a flag that collects such limits. */
export function throttle<T>(parse: ThrottleOf<T>): (previous: T[], text: string) => T[] {
  return (previous, text) => {
    const [device = '', value, ...more] = text.split(':');
    if (device === '' || value === undefined || more.length > 0) throw new Error(`bad format: ${text}`);
    if (!device.startsWith('/dev/')) throw new Error(`bad format for device path: ${text}`);
    return [...previous, parse(device, value, text)];
  };
}

export const weight: ThrottleOf<WeightDevice> = (device, value, text) => {
  const number = Number(value);
  if (!/^\d+$/.test(value) || (number > 0 && (number < 10 || number > 1000))) {
    throw new Error(`invalid weight for device: ${text}`);
  }
  return {Path: device, Weight: number};
};

export const readBps: ThrottleOf<ThrottleDevice> = (device, value, text) => {
  try {
    return {Path: device, Rate: parseBinarySize(value)};
  } catch {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
};

export const readIops: ThrottleOf<ThrottleDevice> = (device, value, text) => {
  if (!/^\d+$/.test(value)) {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  }
  return {Path: device, Rate: Number(value)};
};
