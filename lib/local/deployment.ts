/** A deployment on an emulator of AWS, behind the local gateway: its two tables, and its functions through Lambda's Invoke. */
import { fail, ok, type Result } from '../result.ts';
import { storeAccess } from './local-tables.ts';

export type Deployment = {
  /** An http origin: the emulator's. */
  readonly endpoint: string;
  readonly region: string;
  readonly registryTable: string;
  readonly grantsTable: string;
  /** Names of functions by the file in `lambdas/`. */
  readonly functions: Readonly<Record<string, string>>;
};

/**
 * Reads what `cdk deploy --outputs-file` wrote. `endpoint` is the emulator's, http on this machine: AWS itself has
 * API Gateway in front, and is never called from here.
 */
export function parseDeployment(text: string, endpoint: string): Result<Deployment, string> {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'http:' || !/^(127\.0\.0\.1|localhost)$/.test(url.hostname)) {
    return fail(`--aws-endpoint ${endpoint}: must be an http URL on this machine, such as http://127.0.0.1:4566`);
  }
  const outputs = stackOutputs(text);
  if (outputs === undefined) return fail('--deployment: the file must be what cdk deploy --outputs-file wrote');
  const { RegistryTable, GrantsTable, Functions } = outputs;
  const functions = parsedRecord(Functions);
  if (RegistryTable === undefined || GrantsTable === undefined || functions === undefined) {
    return fail('--deployment: the outputs RegistryTable, GrantsTable and Functions must be in the file');
  }
  const region = parsedRecord(outputs['Endpoints']) ?? {};
  return ok({
    endpoint: url.origin,
    region: Object.keys(region)[0] ?? storeAccess.region,
    registryTable: RegistryTable,
    grantsTable: GrantsTable,
    functions: textsOf(functions),
  });
}

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const textsOf = (fields: Fields): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((each): each is [string, string] => typeof each[1] === 'string'));

/** The outputs of all stacks together; names of ours come once. */
function stackOutputs(text: string): Readonly<Record<string, string>> | undefined {
  const stacks = parsedRecord(text);
  return stacks && textsOf(Object.assign({}, ...Object.values(stacks).filter(isRecord)));
}

function parsedRecord(text: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
