/** The function that keeps CRLs up to date, every minute. */
import { crlRefreshPorts } from '../lib/adapters/crl-refresh-ports.ts';
import { scheduled } from '../lib/adapters/scheduled.ts';
import { functionConfig } from '../lib/config.ts';
import { crlRefresh } from '../lib/oauth/crl-refresh.ts';
import { refreshCrl } from '../lib/status/crl-refresh.ts';

const config = functionConfig();

export const handler = scheduled(crlRefresh(crlRefreshPorts(config, refreshCrl)), {
  name: 'crl-refresh',
  logLevel: config.logLevel,
});
