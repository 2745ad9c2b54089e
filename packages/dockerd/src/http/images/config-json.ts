/** The configuration of an image in the API: keys in alphabetical order, and the fuller form that old clients expect. */
import type {ImageConfig} from '@longshore/api/oci';
import type {ApiVersion} from '../api-version.ts';

/** Always there. */
const base = {
  Cmd: null,
  Entrypoint: null,
  Env: null,
  Labels: null,
  OnBuild: null,
  User: '',
  Volumes: null,
  WorkingDir: '',
};
/** A container's, which an image has no use for; until API 1.49. */
const legacy = {
  AttachStderr: false,
  AttachStdin: false,
  AttachStdout: false,
  Domainname: '',
  Hostname: '',
  Image: '',
  OpenStdin: false,
  StdinOnce: false,
  Tty: false,
};
/** Only when they hold something. */
const optional = ['ArgsEscaped', 'ExposedPorts', 'Healthcheck', 'Shell', 'StopSignal'] as const;

export function configToJson(config: ImageConfig, version: ApiVersion): Record<string, unknown> {
  const given = config as Record<string, unknown>;
  const shown: Record<string, unknown> = {...base, ...(version.below('1.50') ? legacy : {})};
  for (const key of Object.keys(base)) shown[key] = given[key] ?? shown[key];
  for (const key of optional) if (!isEmpty(given[key])) shown[key] = given[key];
  return Object.fromEntries(Object.entries(shown).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
