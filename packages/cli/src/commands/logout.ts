import {saveConfigFile} from '../client/config-file.ts';
import {helperFor, hostOf, hubServer, runHelper, serverOf} from '../client/registry-auth.ts';
import {DockerCommand, type Input} from '../command/docker-command.ts';
import {atMost} from '../command/positional.ts';

export default class Logout extends DockerCommand {
  static override summary = 'Log out from a registry';
  static override description =
    'Log out from a registry.\nIf no server is specified, the default is defined by the daemon.';
  static override tail = '[SERVER]';
  static override positional = atMost(1);

  async execute({cli, args: [given = '']}: Input) {
    const server = given === '' ? hubServer : serverOf(given);
    cli.print(`Removing login credentials for ${server}`);
    const helper = helperFor(cli.config, server);
    if (helper) {
      await runHelper(helper, 'erase', server).catch(error =>
        cli.warn(`WARNING: could not erase credentials:\n${error.message}`),
      );
      return;
    }
    // Older clients kept the same registry under its URL.
    const auths = Object.entries(cli.config.auths ?? {});
    const kept = auths.filter(([key]) => hostOf(key) !== hostOf(server));
    if (kept.length < auths.length)
      saveConfigFile(cli.configDirectory, {...cli.config, auths: Object.fromEntries(kept)});
  }
}
