/** The file of one environment: the keys of docs/deploy.md as one JSON object, named by the context key `config`. */

export type Keys = Readonly<Record<string, unknown>>;

/**
 * The keys of the configuration: those of the context, and below them those of the file that `config` names there.
 * Throws an Error that names the file and what is wrong with it.
 */
export function configurationKeys(context: Keys, readFile: (path: string) => string): Keys {
  const { config: path, ...given } = context;
  if (path === undefined || path === '') return given;
  if (typeof path !== 'string') throw new Error(`config=${JSON.stringify(path)}: the path of a JSON file`);
  const refuse = (what: string) => new Error(`config=${JSON.stringify(path)}: ${what}`);
  const keys = parsed(path, readFile, refuse);
  // A file that named another would leave it open which of them is deployed.
  if ('config' in keys) throw refuse('no key "config" inside the file');
  return { ...keys, ...given };
}

function parsed(path: string, readFile: (path: string) => string, refuse: (what: string) => Error): Keys {
  let value: unknown;
  try {
    value = JSON.parse(readFile(path));
  } catch (error) {
    throw refuse(`a JSON file that can be read (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('a file with one JSON object');
  return value as Keys;
}
