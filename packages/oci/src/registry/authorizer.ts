/** Answers a registry's challenges: tokens by scope, kept until shortly before they expire. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {type Challenge, parseChallenges} from './challenge.ts';
import {basicHeader, type RegistryCredentials} from './credentials.ts';
import {type HttpClient, parseUrl, readAll, type TlsOptions} from './http-client.ts';
import {registryError} from './registry-error.ts';

const clientId = 'longshore';
const maxTokenAnswer = 1 << 20;
/** A token is not used during its last seconds; servers that name no time mean 60 s. */
const expiryMarginMs = 5_000;
const defaultExpirySeconds = 60;

type Token = {value: string; expiresAt: number};

export interface AuthorizerOptions {
  http: HttpClient;
  tls: TlsOptions;
  /** True when the registry itself is reached by plain HTTP. */
  isPlain: boolean;
  credentials: () => Promise<RegistryCredentials | undefined>;
}

export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  #credentials: Promise<RegistryCredentials | undefined> | undefined;
  #challenge: Challenge | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The header to send with a request for these scopes; undefined as long as the registry has not asked for one. */
  async header(ctx: CallContext, scopes: readonly string[]): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (!challenge) return undefined;
    const credentials = await this.#getCredentials();
    if (challenge.scheme === 'basic') {
      if (credentials && 'username' in credentials) return basicHeader(credentials);
      throw new EngineError('unauthenticated', 'no basic auth credentials');
    }
    if (credentials && 'registryToken' in credentials) return `Bearer ${credentials.registryToken}`;
    return `Bearer ${await this.#token(ctx, challenge, scopes, credentials)}`;
  }

  /** Takes in a 401: the next `header` answers it with a new token. Returns false when it asks for nothing known. */
  challenged(header: string | undefined, scopes: readonly string[]): boolean {
    const challenges = parseChallenges(header);
    const challenge =
      challenges.find(({scheme}) => scheme === 'bearer') ?? challenges.find(({scheme}) => scheme === 'basic');
    if (!challenge) return false;
    this.#challenge = challenge;
    this.#tokens.delete(tokenKey(challenge, scopes));
    return true;
  }

  async #getCredentials(): Promise<RegistryCredentials | undefined> {
    this.#credentials ??= this.#options.credentials();
    return await this.#credentials;
  }

  async #token(
    ctx: CallContext,
    challenge: Challenge,
    scopes: readonly string[],
    credentials: RegistryCredentials | undefined,
  ): Promise<string> {
    const key = tokenKey(challenge, scopes);
    const known = await this.#tokens.get(key)?.catch(() => undefined);
    if (known && known.expiresAt > Date.now()) return known.value;
    const fetched = fetchToken(ctx, this.#options, challenge, {scopes: allScopes(challenge, scopes), credentials});
    this.#tokens.set(key, fetched);
    try {
      return (await fetched).value;
    } catch (error) {
      if (this.#tokens.get(key) === fetched) this.#tokens.delete(key);
      throw error;
    }
  }
}

export interface TokenRequest {
  scopes: readonly string[];
  credentials: RegistryCredentials | undefined;
  /** Ask for a refresh token too: a login. */
  offline?: boolean;
}

/** Gets a token from the realm of a challenge. Throws the realm's refusal. */
export async function fetchToken(
  ctx: CallContext,
  options: AuthorizerOptions,
  challenge: Challenge,
  request: TokenRequest,
): Promise<Token & {refreshToken?: string}> {
  const realm = parseUrl(challenge.parameters.realm ?? '');
  const {credentials} = request;
  if (realm.protocol !== 'https:' && !(options.isPlain && realm.protocol === 'http:') && credentials) {
    throw new EngineError('unauthenticated', `credentials are not sent to "${realm.origin}" without TLS`);
  }
  const response = await options.http.request(ctx, tokenHttpRequest(realm, challenge, request), options.tls);
  const body = (await readAll(response, maxTokenAnswer)).toString('utf8');
  if (response.status !== 200) throw registryError(response.status, body, `token server ${realm.origin}`);
  return parseToken(body, realm);
}

function tokenHttpRequest(realm: URL, challenge: Challenge, {scopes, credentials, offline}: TokenRequest) {
  const {service = ''} = challenge.parameters;
  if (credentials && 'identityToken' in credentials) {
    const form = new URLSearchParams({
      ...{grant_type: 'refresh_token', service, client_id: clientId, scope: scopes.join(' ')},
      refresh_token: credentials.identityToken,
    });
    const headers = {'content-type': 'application/x-www-form-urlencoded'};
    return {method: 'POST' as const, url: realm, headers, body: form.toString()};
  }
  const url = new URL(realm);
  if (service) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (offline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', clientId);
  }
  if (!credentials || !('username' in credentials)) return {method: 'GET' as const, url};
  url.searchParams.set('account', credentials.username);
  return {method: 'GET' as const, url, headers: {authorization: basicHeader(credentials)}};
}

function parseToken(body: string, realm: URL): Token & {refreshToken?: string} {
  let json: Record<string, unknown> | null;
  try {
    json = JSON.parse(body) as Record<string, unknown> | null;
  } catch (error) {
    throw new EngineError('unavailable', `token server ${realm.origin} sent no JSON`, {cause: error});
  }
  const value = json?.token || json?.access_token;
  // Printable only: it goes into a header.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new EngineError('unauthenticated', `token server ${realm.origin} sent no token`);
  }
  const seconds = typeof json?.expires_in === 'number' && json.expires_in > 0 ? json.expires_in : defaultExpirySeconds;
  const refresh = json?.refresh_token;
  return {
    value,
    expiresAt: Date.now() + seconds * 1000 - expiryMarginMs,
    ...(typeof refresh === 'string' && refresh !== '' ? {refreshToken: refresh} : {}),
  };
}

/** What the registry asked for may be more than what the request thought of. */
function allScopes(challenge: Challenge, scopes: readonly string[]): string[] {
  return [...new Set([...scopes, ...(challenge.parameters.scope?.split(' ').filter(Boolean) ?? [])])];
}

function tokenKey(challenge: Challenge, scopes: readonly string[]): string {
  const {realm = '', service = ''} = challenge.parameters;
  return [realm, service, ...[...scopes].sort()].join('\n');
}
