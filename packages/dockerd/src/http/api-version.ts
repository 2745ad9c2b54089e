import {engineApiVersion, engineMinApiVersion} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';

/** The version of the Engine API that a request speaks. */
export class ApiVersion {
  readonly major: number;
  readonly minor: number;

  constructor(major: number, minor: number) {
    this.major = major;
    this.minor = minor;
  }

  /** `version` is `1.42`. */
  atLeast(version: string): boolean {
    return this.#compare(parseApiVersion(version)) >= 0;
  }

  below(version: string): boolean {
    return !this.atLeast(version);
  }

  toString(): string {
    return `${this.major}.${this.minor}`;
  }

  #compare(other: ApiVersion): number {
    return this.major - other.major || this.minor - other.minor;
  }
}

export const newestVersion = parseApiVersion(engineApiVersion);

/** Reads `1.42`; parts that are missing count as 0. */
export function parseApiVersion(text: string): ApiVersion {
  const [major, minor] = text.split('.').map(part => Number.parseInt(part, 10) || 0);
  return new ApiVersion(major ?? 0, minor ?? 0);
}

/** Thrown for versions before 1.24, whose clients expect plain text. */
export class TooOldVersion extends EngineError {
  constructor(version: string) {
    super(
      'invalid-argument',
      `client version ${version} is too old. Minimum supported API version is ${engineMinApiVersion}, please upgrade your client to a newer version`,
    );
  }
}

/** The version in the path's prefix, or the newest without one. Throws when the daemon does not speak it. */
export function negotiate(prefix: string | undefined): ApiVersion {
  if (prefix === undefined) return newestVersion;
  const version = parseApiVersion(prefix);
  if (version.below(engineMinApiVersion)) throw new TooOldVersion(prefix);
  if (version.atLeast(engineApiVersion) && version.toString() !== engineApiVersion) {
    throw new EngineError(
      'invalid-argument',
      `client version ${prefix} is too new. Maximum supported API version is ${engineApiVersion}`,
    );
  }
  return version;
}
