/** gRPC failures become EngineErrors here, and nowhere else on the client's side. */
import {type ServiceError, status} from '@grpc/grpc-js';
import {EngineError, grpcStatusToCode} from '@longshore/errdefs';

/** The EngineError for what a gRPC call threw: the code from the status, the message as the server wrote it. */
export function fromGrpcError(error: unknown, address: string): Error {
  if (!isServiceError(error)) return error instanceof Error ? error : new Error(String(error));
  if (error.code === status.UNAVAILABLE && isConnectionFailure(error.details)) {
    return new EngineError(
      'unavailable',
      `cannot reach containerd at "${address}": ${connectionReason(error.details)}`,
      {
        cause: error,
      },
    );
  }
  return new EngineError(grpcStatusToCode(error.code, error.details), error.details || error.message, {cause: error});
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && typeof (error as Partial<ServiceError>).code === 'number' && 'details' in error;
}

/** grpc-js says these when no server answered, as opposed to a server that answered "unavailable". */
function isConnectionFailure(details: string): boolean {
  return /^(No connection established|Connection dropped|Name resolution failed|Channel closed)/.test(details);
}

function connectionReason(details: string): string {
  const reason = /Last error: (?:Error: )?(.+?)\.?(?: Resolution note: .*)?$/.exec(details)?.[1] ?? details;
  return reason.trim();
}
