/** gRPC failures become EngineErrors here, and nowhere else on the client's side. */
import {type ServiceError, status} from '@grpc/grpc-js';
import {EngineError, grpcStatusToCode} from '@longshore/errdefs';

/** The EngineError for what a gRPC call threw: the code from the status, the message as the server wrote it. */
export function fromGrpcError(error: unknown, address: string): Error {
  if (!isServiceError(error)) return error instanceof Error ? error : new Error(String(error));
  if (isConnectionFailure(error)) {
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

/** Nobody took the connection, so that the server cannot have seen the call: it may be made again. */
export function foundNobody(error: unknown): boolean {
  return isServiceError(error) && error.code === status.UNAVAILABLE && /^No connection established/.test(error.details);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && typeof (error as Partial<ServiceError>).code === 'number' && 'details' in error;
}

/** grpc-js says these when nobody answered, or the server went away, as opposed to what a server says itself. */
function isConnectionFailure({code, details}: ServiceError): boolean {
  if (code === status.UNAVAILABLE) {
    return /^(No connection established|Connection dropped|Name resolution failed|Channel closed|\w+ E[A-Z]+$)/.test(
      details,
    );
  }
  // Whoever cancels a call of its own never gets here: that is the reason of its signal.
  return code === status.CANCELLED && /^(Call cancelled|Received RST_STREAM)/.test(details);
}

function connectionReason(details: string): string {
  const reason = /Last error: (?:Error: )?(.+?)\.?(?: Resolution note: .*)?$/.exec(details)?.[1] ?? details;
  return reason.trim();
}
