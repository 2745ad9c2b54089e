import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {AuthorizationPlugin, AuthorizationRequest, AuthorizationResponse} from '../../core/ports/authorization.ts';
import {type PluginDirectories, pluginDirectories} from './locate.ts';
import {PluginClient} from './plugin-client.ts';

/** The plugins that `authorization-plugins` names, each once, in that order. */
export function openAuthorizationPlugins(
  names: readonly string[],
  directories: PluginDirectories = pluginDirectories,
): RemoteAuthorizationPlugin[] {
  return [...new Set(names)].map(name => new RemoteAuthorizationPlugin(name, directories));
}

/** Throws when one of them is not there, or is no authorization plugin: a daemon does not start without them. */
export async function checkAuthorizationPlugins(
  ctx: CallContext,
  plugins: readonly RemoteAuthorizationPlugin[],
): Promise<void> {
  for (const plugin of plugins) {
    try {
      await plugin.activate(ctx);
    } catch (error) {
      const why = `failed to validate authorization plugin: ${messageOf(error)}`;
      throw new EngineError(codeOf(error), why, {cause: error});
    }
  }
}

export class RemoteAuthorizationPlugin implements AuthorizationPlugin {
  readonly name: string;
  readonly #client: PluginClient;

  constructor(name: string, directories: PluginDirectories) {
    this.name = name;
    this.#client = new PluginClient(name, directories);
  }

  activate(ctx: CallContext): Promise<void> {
    return this.#client.activate(ctx, 'authz');
  }

  request(ctx: CallContext, request: AuthorizationRequest): Promise<void> {
    return this.#ask(ctx, 'AuthZPlugin.AuthZReq', requestFields(request));
  }

  response(ctx: CallContext, request: AuthorizationRequest, response: AuthorizationResponse): Promise<void> {
    const fields = {
      ...requestFields(request),
      ...(response.body?.length ? {ResponseBody: response.body.toString('base64')} : {}),
      ResponseHeaders: response.headers,
      ResponseStatusCode: response.status,
    };
    return this.#ask(ctx, 'AuthZPlugin.AuthZRes', fields);
  }

  async #ask(ctx: CallContext, method: string, argument: unknown): Promise<void> {
    const {
      Allow: allow,
      Msg: message,
      Err: failure,
    } = await this.#client.call(ctx, 'authz', method, argument).catch(error => this.#fail(messageOf(error), error));
    if (failure) this.#fail(`${method}: ${failure}`);
    if (allow !== true) {
      throw new EngineError('permission-denied', `authorization denied by plugin ${this.name}: ${message ?? ''}`);
    }
  }

  #fail(why: string, cause?: unknown): never {
    throw new EngineError('unknown', `plugin ${this.name} failed with error: ${why}`, {cause});
  }
}

function requestFields(request: AuthorizationRequest): Record<string, unknown> {
  const {user, method, requestMethod, requestUri, requestBody, requestHeaders, peerCertificates} = request;
  return {
    ...(user ? {User: user} : {}),
    ...(method ? {UserAuthNMethod: method} : {}),
    RequestMethod: requestMethod,
    RequestUri: requestUri,
    ...(requestBody?.length ? {RequestBody: requestBody.toString('base64')} : {}),
    RequestHeaders: requestHeaders,
    ...(peerCertificates.length > 0
      ? {RequestPeerCertificates: peerCertificates.map(pem => Buffer.from(pem).toString('base64'))}
      : {}),
  };
}
