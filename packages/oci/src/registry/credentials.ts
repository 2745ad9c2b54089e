/** How a client proves who it is to a registry. */
export type RegistryCredentials =
  | {username: string; password: string}
  /** A refresh token from an earlier login. */
  | {identityToken: string}
  /** Sent as it is. */
  | {registryToken: string};

/** Asked once per host and session; undefined means anonymous. */
export type CredentialsSource = (host: string) => Promise<RegistryCredentials | undefined>;

export function basicHeader({username, password}: {username: string; password: string}): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
