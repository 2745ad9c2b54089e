import {CliError} from '../command/errors.ts';

/** Signatures of Docker's content trust (notary) are not checked, so asking for the check must fail. */
export function refuseContentTrust(isDisabled: boolean): void {
  if (!isDisabled || /^(1|t|true)$/i.test(process.env.DOCKER_CONTENT_TRUST ?? '')) {
    throw new CliError('content trust is not available: signatures of images cannot be checked');
  }
}
