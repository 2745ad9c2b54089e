/** Checks of a Config, with Docker's messages. */
import {EngineError} from '@longshore/errdefs';
import {signalNumber} from '../../signals.ts';
import type {ContainerConfig, HealthcheckConfig} from '../documents/container-config.ts';

/** Durations of a health check below this make no sense. Nanoseconds. */
const shortestInterval = 1_000_000;

/** Throws `invalid-argument`. */
export function verifyConfig(config: ContainerConfig): void {
  if (config.WorkingDir !== '' && !config.WorkingDir.startsWith('/')) {
    refuse(`the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`);
  }
  for (const variable of config.Env ?? []) {
    if (variable === '' || variable.startsWith('=')) refuse(`invalid environment variable: ${variable}`);
  }
  if (config.StopSignal !== '') signalNumber(config.StopSignal);
  if (config.Healthcheck) verifyHealthcheck(config.Healthcheck);
}

function verifyHealthcheck(check: HealthcheckConfig): void {
  const durations = {
    Interval: check.Interval,
    Timeout: check.Timeout,
    StartPeriod: check.StartPeriod,
    StartInterval: check.StartInterval,
  };
  for (const [name, value] of Object.entries(durations)) {
    if (value !== 0 && value < shortestInterval) refuse(`${name} in Healthcheck cannot be less than 1ms`);
  }
  if (check.Retries < 0) refuse('Retries in Healthcheck cannot be negative');
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
