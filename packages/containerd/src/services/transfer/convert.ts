/** From the messages of a transfer request to its ends. */

import type {Platform} from '@longshore/api/gen/containerd/types/platform';
import {ImageStore} from '@longshore/api/gen/containerd/types/transfer/imagestore';
import {ImageExportStream, ImageImportStream} from '@longshore/api/gen/containerd/types/transfer/importexport';
import {HTTPDebug, OCIRegistry, type RegistryResolver} from '@longshore/api/gen/containerd/types/transfer/registry';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {receiveBytes, sendBytes} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import type {NamedStream} from '../../core/streaming/streams.ts';
import type {
  Endpoint,
  ExportEndpoint,
  ImportEndpoint,
  RegistryEndpoint,
  StoreEndpoint,
  TransferPlatform,
} from '../../core/transfer/endpoints.ts';
import {decodeAny, typeName} from '../any.ts';

import {credentialsOver} from './credentials.ts';
import {TextSender} from './text-sender.ts';

type FindStream = (id: string) => NamedStream;

const prefix = 'containerd.types.transfer.';

/** Undefined for a type that no transfer knows. Throws not-found for streams that are not there. */
export function endpointFromWire(any: Any, findStream: FindStream): Endpoint | undefined {
  switch (typeName(any)) {
    case `${prefix}OCIRegistry`:
      return registryFromWire(decodeAny(any, `${prefix}OCIRegistry`, OCIRegistry), findStream);
    case `${prefix}ImageStore`:
      return storeFromWire(decodeAny(any, `${prefix}ImageStore`, ImageStore));
    case `${prefix}ImageImportStream`:
      return importFromWire(decodeAny(any, `${prefix}ImageImportStream`, ImageImportStream), findStream);
    case `${prefix}ImageExportStream`:
      return exportFromWire(decodeAny(any, `${prefix}ImageExportStream`, ImageExportStream), findStream);
    default:
      return undefined;
  }
}

function registryFromWire({reference, resolver}: OCIRegistry, findStream: FindStream): RegistryEndpoint {
  const {authStream = '', headers = {}, hostDir: hostsDir = '', defaultScheme = ''} = resolver ?? {};
  if (defaultScheme !== '' && defaultScheme !== 'http' && defaultScheme !== 'https') {
    throw new EngineError('invalid-argument', `unknown scheme "${defaultScheme}": invalid argument`);
  }
  const endpoint = {
    ...({type: 'registry', reference, hostsDir, scheme: defaultScheme} as const),
    headers: headersFromWire(headers),
    ...(resolver ? httpDebugFromWire(resolver, findStream) : {}),
  };
  if (authStream === '') return endpoint;
  return {...endpoint, credentials: credentialsOver(findStream(authStream), reference)};
}

/** Throws invalid-argument for what cannot be a header. */
function headersFromWire(given: {readonly [name: string]: string}): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new EngineError('invalid-argument', `bad header ${JSON.stringify(name)}: invalid argument`);
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** Without a stream nobody would see it: the daemon's log is no place for what one client asks. */
function httpDebugFromWire(
  {httpDebug, logsStream}: RegistryResolver,
  findStream: FindStream,
): Pick<RegistryEndpoint, 'debug'> {
  if (httpDebug === HTTPDebug.DISABLED || logsStream === '') return {};
  const lines = new TextSender(findStream(logsStream));
  return {
    debug: {
      dump: httpDebug === HTTPDebug.DEBUG || httpDebug === HTTPDebug.BOTH,
      trace: httpDebug === HTTPDebug.TRACE || httpDebug === HTTPDebug.BOTH,
      write: text => lines.write(text),
    },
  };
}

function storeFromWire(store: ImageStore): StoreEndpoint {
  const {name, labels, allMetadata, manifestLimit, extraReferences} = store;
  return {
    ...{type: 'store', name, labels, allMetadata, manifestLimit, extraReferences},
    platforms: store.platforms.map(platformFromWire),
    unpacks: store.unpacks.map(({platform, snapshotter}) => ({
      snapshotter,
      ...(platform && platform.os !== '' ? {platform: platformFromWire(platform)} : {}),
    })),
  };
}

/** `media_type` may say how the archive is compressed, which is found out by looking. */
function importFromWire({stream, forceCompress}: ImageImportStream, findStream: FindStream): ImportEndpoint {
  return {type: 'import', compress: forceCompress, bytes: receiveBytes(findStream(stream))};
}

function exportFromWire(given: ImageExportStream, findStream: FindStream): ExportEndpoint {
  const {stream, mediaType, platforms, allPlatforms, skipCompatibilityManifest, skipNonDistributable} = given;
  if (mediaType !== '' && !mediaType.endsWith('tar')) {
    throw new EngineError('unimplemented', `export as "${mediaType}" is not supported: not implemented`);
  }
  const named = findStream(stream);
  return {
    type: 'export',
    platforms: platforms.map(platformFromWire),
    allPlatforms,
    skipDockerManifest: skipCompatibilityManifest,
    skipForeignLayers: skipNonDistributable,
    write: bytes => sendBytes(named, bytes),
  };
}

function platformFromWire({os, architecture, variant, osVersion}: Platform): TransferPlatform {
  return {os, architecture, ...(variant ? {variant} : {}), ...(osVersion ? {osVersion} : {})};
}
