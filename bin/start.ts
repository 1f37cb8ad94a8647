/** `npm start`: the whole server on this machine, over the same handlers that are deployed. */
import { banner } from '../lib/local/banner.ts';
import { startLocalServer } from '../lib/local/server.ts';
import { parseStartOptions, type StartOptions, usage } from '../lib/local/start-options.ts';

/** Nothing started: a flag, a file, a port. */
const exitCannotStart = 2;

const options = parseStartOptions(process.argv.slice(2));
if (!options.ok) {
  for (const problem of options.failure) console.error(problem);
  process.exit(exitCannotStart);
}
if (options.value === 'help') {
  console.log(usage);
  process.exit(0);
}
await run(options.value);

async function run(options: StartOptions): Promise<void> {
  const server = await startLocalServer(options, { loadHandlers, report: (line) => console.log(`  ${line}`) }).catch(
    (error: Error) => {
      console.error(error.message);
      process.exit(exitCannotStart);
    },
  );
  console.log(banner(server, process.cwd()));
  const stop = () => {
    server.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

/** The functions read their environment when they are loaded, as on Lambda. */
async function loadHandlers(environment: Record<string, string>) {
  // biome-ignore lint/style/noProcessEnv: here the environment of the functions is made, not read.
  Object.assign(process.env, environment);
  const [token, introspection, revocation, metadata, crlRefresh, keyRotation] = await Promise.all([
    import('../lambdas/token.ts'),
    import('../lambdas/introspection.ts'),
    import('../lambdas/revocation.ts'),
    import('../lambdas/metadata.ts'),
    import('../lambdas/crl-refresh.ts'),
    import('../lambdas/key-rotation.ts'),
  ]);
  return {
    token: token.handler,
    introspection: introspection.handler,
    revocation: revocation.handler,
    metadata: metadata.handler,
    'crl-refresh': crlRefresh.handler,
    'key-rotation': keyRotation.handler,
  };
}
