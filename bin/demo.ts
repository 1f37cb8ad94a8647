/** `npm run demo`: the story in one screen, one step a line, against the running server or one started for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { tellStory } from '../lib/local/demo-story.ts';
import { type Endpoint, findEndpoint } from '../lib/local/state-directory.ts';

const { values } = parseArgs({
  options: {
    'state-dir': { type: 'string', default: '.certbound' },
    crl: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'npm run demo -- [--crl] [--state-dir .certbound]\n\n--crl: revocation is learned from a CRL instead of OCSP.\nUses the server of `npm start` where one runs, else starts one for the time of the demo.',
  );
  process.exit(0);
}

const state = resolve(values['state-dir']);
/** Plain text in a pipe, and where NO_COLOR is set. */
const paint = (style: 'bold' | 'dim' | 'green' | 'red', text: string) =>
  styleText(style, text, { stream: process.stdout });

const running = await findEndpoint(state);
const server = running === undefined ? startServer() : undefined;
try {
  const endpoint = running ?? (await published(server));
  console.log(
    paint('dim', running ? `Using the server at ${endpoint.issuer}` : `Started a server at ${endpoint.issuer}`),
  );
  await tellStory(
    state,
    endpoint,
    { crl: values.crl },
    {
      step: (text) => console.log(`\n${paint('bold', text)}`),
      shown: (text) => console.log(paint('dim', `  ${text}`)),
      passed: (text) => console.log(`  ${paint('green', '✓')} ${text}`),
    },
  );
  console.log(`\n${paint('green', 'The tokens lived and died with their certificates.')}`);
} catch (error) {
  console.error(`\n${paint('red', '✗')} ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  server?.kill('SIGTERM');
}

function startServer(): ChildProcess {
  const start = resolve(import.meta.dirname, 'start.ts');
  const args = [start, '--port', '0', '--mtls-port', '0', '--state-dir', state];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The server says where it is when it is ready. */
async function published(child: ChildProcess | undefined): Promise<Endpoint> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const endpoint = await findEndpoint(state);
    if (endpoint !== undefined) return endpoint;
    if (child?.exitCode !== null) throw new Error('The server for the demo did not start');
    await new Promise((later) => setTimeout(later, 100));
  }
  throw new Error('The server for the demo was not ready within 30 seconds');
}
