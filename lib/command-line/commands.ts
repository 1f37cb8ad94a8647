/** All commands, in the order of `--help`. */

import { blockCommands } from './block.ts';
import { checkCommand } from './check.ts';
import { clientCommands } from './client.ts';
import type { Command } from './command.ts';
import { crlCommands } from './crl.ts';
import { developmentCaCommands } from './development-ca.ts';
import { keysCommands } from './keys.ts';
import { policyCommands } from './policy.ts';
import { tenantCommands } from './tenant.ts';
import { truststoreCommands } from './truststore.ts';

export const commands: readonly Command[] = [
  ...tenantCommands,
  ...truststoreCommands,
  ...clientCommands,
  ...keysCommands,
  ...policyCommands,
  ...blockCommands,
  ...crlCommands,
  checkCommand,
  ...developmentCaCommands,
];
