/** What the routes of networks need. */
import type {Attachments} from './attachments.ts';
import type {NetworkManager} from './manager.ts';

export interface NetworksBackend {
  manager: Pick<NetworkManager, 'list' | 'get' | 'create' | 'remove' | 'prune'>;
  attachments: Pick<Attachments, 'connect' | 'disconnect'>;
}
