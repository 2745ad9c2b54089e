/** A call that ends with a status of gRPC's own making, before or beside its handler. */
export class CallFailure extends Error {
  /** Number of the status. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
