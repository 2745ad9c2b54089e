/** The error taxonomy of every Longshore process: one class, one code, translated only at the edges. */

export type {ErrorCode} from './engine-error.ts';
export {codeOf, EngineError, isErrorCode, messageOf} from './engine-error.ts';
export {codeToGrpcStatus, errnoToCode, GrpcStatus, grpcStatusToCode} from './tables.ts';
