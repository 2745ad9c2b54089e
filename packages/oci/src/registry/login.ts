import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {fetchToken} from './authorizer.ts';
import {parseChallenges} from './challenge.ts';
import {Connection, header} from './connection.ts';
import type {RegistryCredentials} from './credentials.ts';
import type {Endpoint} from './endpoints.ts';
import type {HttpClient} from './http-client.ts';

export interface LoginResult {
  /** A refresh token to keep in place of the password, from servers that give one. */
  identityToken?: string;
}

/** Tries credentials. Throws `unauthenticated`, or the token server's refusal. */
export async function login(
  ctx: CallContext,
  http: HttpClient,
  endpoint: Endpoint,
  credentials: RegistryCredentials,
): Promise<LoginResult> {
  const connection = new Connection(http, endpoint, async () => credentials);
  const probe = {method: 'GET' as const, path: '/', scopes: []};
  const anonymous = new Connection(http, endpoint, async () => undefined);
  const challenge = await challengeOf(ctx, anonymous);
  if (challenge?.scheme === 'bearer') {
    const isPlain = endpoint.url.protocol === 'http:' || endpoint.plainFallback;
    const options = {http, tls: endpoint.tls, isPlain, credentials: async () => credentials};
    const token = await fetchToken(ctx, options, challenge, {scopes: [], credentials, offline: true});
    return token.refreshToken === undefined ? {} : {identityToken: token.refreshToken};
  }
  const response = await connection.request(ctx, {...probe, accept: [200]});
  response.discard();
  return {};
}

async function challengeOf(ctx: CallContext, connection: Connection) {
  const response = await connection.requestOnce(ctx, {method: 'GET', path: '/', scopes: [], accept: [200, 401]});
  response.discard();
  if (response.status === 200) return undefined;
  const challenges = parseChallenges(header(response, 'www-authenticate'));
  const challenge = challenges.find(({scheme}) => scheme === 'bearer') ?? challenges[0];
  if (challenge) return challenge;
  throw new EngineError('unauthenticated', `registry ${connection.host} asks for credentials without saying how`);
}
